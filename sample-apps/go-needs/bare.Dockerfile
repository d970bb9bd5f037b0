# The program alone on scratch: it starts, and none of its needs is met. Lesson 10 supplies them.
ARG GO_VERSION=1.27

# Plays a company's certificate authority, with a certificate for its partner.
FROM golang:${GO_VERSION} AS ca
WORKDIR /src
COPY go.mod .
COPY ca ca
RUN go run ./ca /ca

FROM golang:${GO_VERSION} AS builder
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o /go-needs

FROM scratch
COPY --from=builder /go-needs /go-needs
ENTRYPOINT ["/go-needs"]
