FROM alpine:3.22
COPY --from=0 /a /b
