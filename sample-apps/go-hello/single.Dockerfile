# One stage: the image that builds the program is also the image that ships.
ARG GO_VERSION=1.27

FROM golang:${GO_VERSION}
WORKDIR /app
COPY . .
RUN go build -o myapp
ENTRYPOINT ["./myapp"]
