\
FROM alpine:3.22
WORKDIR /continued_from_nothing
