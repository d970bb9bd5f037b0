FROM alpine:3.22 AS x
WORKDIR /same_name_twice/first
FROM debian:trixie-slim AS x
WORKDIR /same_name_twice/second
FROM scratch
COPY --from=x /same_name_twice/second /a
