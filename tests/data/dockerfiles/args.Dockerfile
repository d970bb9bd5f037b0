ARG RELEASE="3.22"
ARG NAME=alpine OTHER='debian'
ARG UNUSED REFERENCE=${NAME}:$RELEASE
FROM ${REFERENCE} AS builder
WORKDIR /args/builder
FROM $OTHER:trixie-slim
COPY --from=builder /args /a
