//go:build debug

package main

// kind is what `go build -tags debug` makes.
const kind = "debug"
