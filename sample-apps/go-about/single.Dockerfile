# One stage: the image that builds the program is also the image that ships.
FROM golang:1.27
ARG VERSION=dev
WORKDIR /app
COPY . .
RUN go build -ldflags "-X main.version=${VERSION}" -o myapp
ENTRYPOINT ["./myapp"]
