FROM alpine:3.22 AS builder
WORKDIR /flags
RUN touch a
FROM scratch
COPY --chown=1:1 --from=builder /flags/a /--from=elsewhere/
ADD --chown=1:1 a.txt /b
