# One stage: the image that builds the service is also the image that ships.
ARG GO_VERSION=1.27

FROM golang:${GO_VERSION}
ARG VERSION=dev
WORKDIR /app
COPY . .
RUN go build -ldflags "-X main.version=${VERSION}" -o myapp
EXPOSE 8080
ENTRYPOINT ["./myapp"]
