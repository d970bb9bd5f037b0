FROM alpine:3.22 AS Builder
WORKDIR /name_in_any_case
FROM scratch
COPY --from=BUILDER /name_in_any_case /a
