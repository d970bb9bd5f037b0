FROM alpine:3.22
RUN cat << EOF
FROM b
EOF
WORKDIR /x
