FROM alpine:3.22
RUN mkdir /continued_at_the_end \