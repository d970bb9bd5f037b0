// Command go-needs has four needs that its image has to meet.
//
//	go-needs check    tell of each whether it is met
//	go-needs tls      ask a partner over TLS: needs the authority's certificate
//	go-needs zone     tell the time in Tokyo: needs the time zone database
//	go-needs user     tell its user's name: needs /etc/passwd
//	go-needs temp     write a temporary file: needs a folder that its user may write to
//	go-needs serve    do so on request, on port 8080, until SIGTERM: /healthz, /needs/zone, ...
//	go-needs health   ask the service in this container whether it is well
//
// It ends with exit code 1 if a need is not met.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// check tells of each need whether it is met, and returns how many are not.
func check(ctx context.Context) int {
	unmet := 0
	for _, each := range needs {
		said, err := each.ask(ctx)
		if err != nil {
			unmet++
			fmt.Printf("%-5s FAILED  %v\n", each.name, err)
			continue
		}
		fmt.Printf("%-5s met     %s\n", each.name, said)
	}
	return unmet
}

// tell prints what a question found, and returns an exit code.
func tell(ctx context.Context, ask func(context.Context) (string, error)) int {
	said, err := ask(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(said)
	return 0
}

func run(ctx context.Context, command string) int {
	switch command {
	case "check":
		return min(check(ctx), 1)
	case "serve":
		if err := serve(ctx, port); err != nil {
			log.Print(err)
			return 1
		}
		log.Print("ended")
		return 0
	case "health":
		return tell(ctx, health)
	}
	if each, ok := find(command); ok {
		return tell(ctx, each.ask)
	}
	fmt.Fprintln(os.Stderr, "usage: go-needs check | tls | zone | user | temp | serve | health")
	return 2
}

func main() {
	command := "check"
	if len(os.Args) > 1 {
		command = os.Args[1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, command)
	stop()
	os.Exit(code)
}
