// Command go-modules prints the checksum (xxHash, 64 bits) of each text that it is given.
//
//	go-modules stagelab   9416aca903d20d2d stagelab
package main

import (
	"fmt"
	"os"

	"github.com/cespare/xxhash/v2"
)

func main() {
	texts := os.Args[1:]
	if len(texts) == 0 {
		texts = []string{"stagelab"}
	}
	for _, text := range texts {
		fmt.Println(checksum(text), text)
	}
}

// checksum returns the text's checksum as sixteen hexadecimal digits.
func checksum(text string) string {
	return fmt.Sprintf("%016x", xxhash.Sum64String(text))
}
