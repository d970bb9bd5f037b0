FROM alpine:3.22
RUN echo escaped_escape \\
WORKDIR /escaped_escape
