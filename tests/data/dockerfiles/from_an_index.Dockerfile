FROM alpine:3.22
WORKDIR /from_an_index
FROM 0
