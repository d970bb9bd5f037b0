FROM alpine:3.22 AS for-linux
WORKDIR /automatic_args/linux
FROM alpine:3.22 AS for-windows
WORKDIR /automatic_args/windows
FROM for-${TARGETOS}
WORKDIR /automatic_args/last
