FROM alpine:3.22 AS builder
WORKDIR /mounts_of_other_types
FROM alpine:3.22
RUN --mount=type=cache,target=/from=builder --mount=type=tmpfs,target=/t true "mounts of other types"
