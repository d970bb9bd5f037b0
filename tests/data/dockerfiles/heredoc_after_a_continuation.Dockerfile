FROM alpine:3.22
RUN true && \
  3<<EOF cat /dev/fd/3 \
  && true
FROM b
EOF
WORKDIR /x
