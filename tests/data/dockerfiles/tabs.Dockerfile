FROM	alpine:3.22	AS	builder
	 WORKDIR	/tabs
FROM scratch
COPY	--from=builder	/tabs	/a
