FROM "alpine:3.22" AS builder
WORKDIR /quotes_in_from
FROM 'debian:trixie-slim'
COPY --from="builder" /quotes_in_from /a
