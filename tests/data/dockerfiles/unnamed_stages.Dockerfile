FROM alpine:3.22
WORKDIR /unnamed_stages/0
FROM debian:trixie-slim
WORKDIR /unnamed_stages/1
FROM scratch
COPY --from=0 /unnamed_stages /zero
COPY --from=1 /unnamed_stages /one
