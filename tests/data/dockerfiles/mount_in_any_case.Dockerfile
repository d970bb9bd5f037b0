FROM alpine:3.22 AS builder
WORKDIR /mount_in_any_case
FROM alpine:3.22
RUN --mount=type=bind,"FROM=Builder",target=/m ls /m/mount_in_any_case
