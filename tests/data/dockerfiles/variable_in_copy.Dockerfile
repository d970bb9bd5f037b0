ARG SOURCE=builder
FROM alpine:3.22 AS builder
WORKDIR /variable_in_copy
FROM alpine:3.22
ARG SOURCE
COPY --from=${SOURCE} /variable_in_copy /a
