FROM alpine:3.22
WORKDIR /one_stage
