FROM alpine:3.22
COPY <<one <<"two words" /x/
FROM a
two words
one
FROM b
two words
WORKDIR /x
