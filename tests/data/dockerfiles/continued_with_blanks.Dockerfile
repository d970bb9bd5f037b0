FROM alpine:3.22
RUN mkdir \  
  /continued_with_blanks \	 
  /continued_with_blanks/a
WORKDIR /continued_with_blanks/a
