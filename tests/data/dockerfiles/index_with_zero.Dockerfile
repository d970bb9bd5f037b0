FROM alpine:3.22
WORKDIR /index_with_zero
FROM scratch
COPY --from=00 /index_with_zero /a
