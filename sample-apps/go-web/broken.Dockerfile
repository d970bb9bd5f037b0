# Broken on purpose: the textbook's two stages as they stand. It builds, but the image
# does not start: with cgo on, `net/http` links the program to glibc, which alpine does not have.
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
