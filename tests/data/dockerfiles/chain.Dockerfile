FROM alpine:3.22 AS a
WORKDIR /chain/a
FROM a AS b
WORKDIR /chain/b
FROM b AS c
WORKDIR /chain/c
