from alpine:3.22 as builder
workdir /keywords_in_any_case
From scratch As runtime
copy --from=builder /keywords_in_any_case /a
