// Command go-hello prints one line: the smallest program worth shipping.
package main

import "fmt"

func main() {
	fmt.Println("Hello from a Go program.")
}
