FROM debian:trixie-slim AS debian
WORKDIR /named_as_its_image/debian
FROM alpine:3.22 AS alpine
WORKDIR /named_as_its_image/alpine
FROM debian
COPY --from=alpine /named_as_its_image /a
