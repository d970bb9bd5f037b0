ARG RELEASE=3.22
FROM alpine:$RELEASE
ARG RELEASE=none
WORKDIR /args_in_a_stage/first
FROM alpine:$RELEASE
WORKDIR /args_in_a_stage/last
