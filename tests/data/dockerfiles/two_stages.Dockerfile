# the classic: build here, ship there
FROM alpine:3.22 AS builder
WORKDIR /two_stages
RUN echo two stages > app

FROM alpine:3.22
COPY --from=builder /two_stages/app /bin/app
CMD ["cat", "/bin/app"]
