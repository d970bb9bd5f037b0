FROM alpine:3.22
WORKDIR /copy_from_stage_n
FROM scratch
COPY --from=stage-0 /copy_from_stage_n /a
