ARG SOURCE=debian:trixie-slim
FROM ${SOURCE} AS source
FROM scratch
COPY --from=source /etc/debian_version /a
