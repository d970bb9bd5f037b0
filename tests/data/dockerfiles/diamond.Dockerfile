FROM alpine:3.22 AS base
WORKDIR /diamond/base
FROM base AS left
WORKDIR /diamond/left
FROM base AS right
WORKDIR /diamond/right
FROM scratch
COPY --from=left /diamond/left /left
COPY --from=right /diamond/right /right
