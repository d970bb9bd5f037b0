
   # indented
#

FROM alpine:3.22

#WORKDIR /no
WORKDIR /comments_and_blank_lines
RUN echo a # no comment
	
