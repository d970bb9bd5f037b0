FROM --platform=linux/amd64
WORKDIR /only_flags
