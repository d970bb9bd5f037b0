FROM alpine:3.22 AS a
WORKDIR /onbuild/a
FROM alpine:3.22 AS b
WORKDIR /onbuild/b
ONBUILD COPY --from=a /onbuild/a /x
WORKDIR /onbuild/b2
