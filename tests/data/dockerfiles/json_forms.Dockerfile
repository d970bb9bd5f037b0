FROM alpine:3.22 AS builder
WORKDIR "/json forms/builder"
RUN ["touch", "a b"]
FROM scratch
COPY --from=builder ["/json forms/builder/a b", "/a b"]
ENTRYPOINT ["/a b", "--from=builder"]
