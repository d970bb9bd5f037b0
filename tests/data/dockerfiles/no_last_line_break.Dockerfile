FROM alpine:3.22
WORKDIR /no_last_line_break