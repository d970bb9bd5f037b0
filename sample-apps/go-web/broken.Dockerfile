# Broken on purpose: the two stages of go-hello. It builds, but its image does not start.
# Lesson 03 finds out why.
ARG GO_VERSION=1.27
ARG ALPINE_VERSION=3.22

FROM golang:${GO_VERSION} AS builder
WORKDIR /app
COPY . .
RUN go build -o myapp

FROM alpine:${ALPINE_VERSION}
WORKDIR /app
COPY --from=builder /app/myapp .
EXPOSE 8080
ENTRYPOINT ["./myapp"]
