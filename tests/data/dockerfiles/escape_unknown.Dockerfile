# escape=x
FROM alpine:3.22
RUN mkdir \
  /escape_unknown
