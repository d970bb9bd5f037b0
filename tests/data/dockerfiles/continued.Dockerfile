FROM alpine:3.22 \
    AS builder
RUN true continued && \
    mkdir /continued && \
    echo a > /continued/a
FROM scratch
COPY --from=builder \
  /continued/a \
  /a
