# Escape = `

FROM alpine:3.22 `
  AS builder
RUN mkdir `
# a comment
  /escape_backtick
RUN echo escape_backtick \
FROM scratch
COPY --from=builder /escape_backtick /a
