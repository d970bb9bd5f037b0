FROM --platform=$BUILDPLATFORM alpine:3.22 AS builder
WORKDIR /platform/builder
FROM scratch
COPY --from=builder /platform /a
