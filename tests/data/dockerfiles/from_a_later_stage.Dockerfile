FROM two AS one
WORKDIR /from_a_later_stage/one
FROM alpine:3.22 AS two
WORKDIR /from_a_later_stage/two
