FROM alpine:3.22
WORKDIR /mount_by_index
FROM alpine:3.22
RUN --mount=from=0,target=/m true
