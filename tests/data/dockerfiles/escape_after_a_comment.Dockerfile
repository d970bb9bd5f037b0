# a comment comes first
# escape=`
FROM alpine:3.22
RUN mkdir \
  /escape_after_a_comment
