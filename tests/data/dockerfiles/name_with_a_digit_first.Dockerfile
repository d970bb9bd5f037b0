FROM alpine:3.22 AS 0
WORKDIR /name_with_a_digit_first
