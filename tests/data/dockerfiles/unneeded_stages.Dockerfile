FROM alpine:3.22 AS builder
WORKDIR /unneeded_stages/builder
FROM builder AS tests
WORKDIR /unneeded_stages/tests
FROM debian:trixie-slim AS docs
WORKDIR /unneeded_stages/docs
FROM scratch AS runtime
COPY --from=builder /unneeded_stages /
