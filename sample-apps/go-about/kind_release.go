//go:build !debug

package main

// kind is what `go build` makes.
const kind = "release"
