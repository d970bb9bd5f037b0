FROM alpine:3.22
RUN true && \
# why this is so
    # and an indented why
    mkdir /continued_past_comments \

  \
  /continued_past_comments/a
CMD ["true"]
