FROM alpine:3.22 AS a
WORKDIR /onbuild_next/a
FROM alpine:3.22 AS b
ONBUILD COPY --from=a /onbuild_next/a /x
WORKDIR /onbuild_next/b
FROM b AS c
WORKDIR /onbuild_next/c
FROM c
WORKDIR /onbuild_next/d
