FROM scratch
COPY --from=debian:trixie-slim /etc/debian_version /a
