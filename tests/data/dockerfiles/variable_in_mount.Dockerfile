FROM alpine:3.22 AS builder
WORKDIR /variable_in_mount
FROM alpine:3.22
ARG SOURCE=builder
RUN --mount=from=$SOURCE,target=/m true
