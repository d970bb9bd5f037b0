FROM alpine:3.22 AS base
WORKDIR /from_in_capitals/base
FROM BASE
WORKDIR /from_in_capitals/last
