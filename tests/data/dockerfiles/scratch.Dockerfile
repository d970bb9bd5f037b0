FROM scratch
COPY a.txt /scratch.txt
