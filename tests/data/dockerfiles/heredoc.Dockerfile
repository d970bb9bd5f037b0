FROM alpine:3.22 AS builder
RUN <<EOF
mkdir /heredoc
# FROM nothing
FROM x AS y
EOF
FROM scratch
COPY --from=builder /heredoc /a
