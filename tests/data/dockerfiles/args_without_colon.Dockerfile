ARG EMPTY=
FROM alpine:${NONE-3.22}${EMPTY-x} AS a
WORKDIR /args_without_colon
FROM alpine:3${EMPTY+.22}${NONE+x}
COPY --from=a /args_without_colon /a
