FROM alpine:3.22
COPY --from=7 /a /b
