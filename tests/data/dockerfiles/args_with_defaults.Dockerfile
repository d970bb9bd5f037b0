ARG EMPTY=
ARG SET=3
FROM alpine:${EMPTY:-3.22} AS a
WORKDIR /args_with_defaults/a
FROM alpine:${SET:+3.22}${NONE:+x} AS b
COPY --from=a /args_with_defaults /a
FROM alpine:3.${NONE:-2${NONE:-2}}
COPY --from=b /a /b
