FROM alpine:3.22
RUN echo "a <<EOF b" '<<EOF' $((1<<2)) no_heredocs
RUN true "<<<" "EOF" no_heredocs
CMD cat <<EOF
ENV A=<<EOF
WORKDIR /no_heredocs
