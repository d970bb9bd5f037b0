FROM alpine:3.22 AS builder
RUN true && \
  mkdir /windows_line_ends

# a comment
FROM scratch
COPY --from=builder /windows_line_ends /a
