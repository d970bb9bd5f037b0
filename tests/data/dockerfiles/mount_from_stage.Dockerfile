FROM alpine:3.22 AS builder
WORKDIR /mount_from_stage
FROM alpine:3.22
RUN --mount=type=bind,from=builder,source=/mount_from_stage,target=/m ls /m
