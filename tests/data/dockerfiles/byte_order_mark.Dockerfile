FROM alpine:3.22 AS builder
WORKDIR /byte_order_mark
FROM scratch
COPY --from=builder /byte_order_mark /a
