ARG V=v3.22.1
FROM alpine:${V#v} AS a
FROM alpine:${V%.*} AS b
FROM alpine:${V%%.*} AS c
FROM alpine:${V##*.} AS d
FROM alpine:${V/./-} AS e
FROM alpine:${V//./-} AS f
