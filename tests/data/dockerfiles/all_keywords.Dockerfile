ARG BASE=alpine:3.22
FROM $BASE AS all
LABEL a="1 FROM x" b=2
ENV A=1 B="two words" C=three\ words
ENV OLD form of env
SHELL ["/bin/sh", "-e", "-c"]
EXPOSE 80/tcp
USER root
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s CMD true
ARG LATE
ADD a.txt /a
COPY b.txt /b
RUN echo all_keywords
WORKDIR /all_keywords
ONBUILD RUN true
ENTRYPOINT ["true"]
CMD []
