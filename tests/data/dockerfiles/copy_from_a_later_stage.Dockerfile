FROM alpine:3.22 AS one
COPY --from=two /a /b
FROM alpine:3.22 AS two
WORKDIR /copy_from_a_later_stage
