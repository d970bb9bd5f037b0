# Naive on purpose: it builds the same program, and downloads the modules after every edit.
# Lesson 07 finds out why.
ARG GO_VERSION=1.27
ARG ALPINE_VERSION=3.22

FROM golang:${GO_VERSION} AS builder
WORKDIR /src
ARG GOPROXY
COPY . .
RUN go mod download
RUN go build -o /app/myapp

FROM alpine:${ALPINE_VERSION}
COPY --from=builder /app/myapp /usr/local/bin/myapp
ENTRYPOINT ["myapp"]
