# escape=`
# escape=\
FROM alpine:3.22
RUN mkdir `
  /escape_twice
