// Command go-about tells its version and which kind of build it is.
package main

import "fmt"

// version is replaced at link time: go build -ldflags "-X main.version=1.2.3".
var version = "dev"

// about returns the line that the program prints.
func about() string {
	return fmt.Sprintf("version %q, %s build", version, kind)
}

func main() {
	fmt.Println(about())
}
