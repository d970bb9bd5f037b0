// Command go-web is a small HTTP service on port 8080.
//
//	GET /api/hello?name=Ada   {"message":"Hello, Ada!"}
//	GET /version              {"version":"dev"}
//	GET /healthz              ok
//
// It ends on SIGTERM or SIGINT after the requests under way have been answered.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	address     = ":8080"
	gracePeriod = 5 * time.Second
)

// version is replaced at link time: go build -ldflags "-X main.version=1.2.3".
var version = "dev"

// newHandler returns the service's routes.
func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/hello", hello)
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]string{"version": version})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}

func hello(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "world"
	}
	writeJSON(w, map[string]string{"message": fmt.Sprintf("Hello, %s!", name)})
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("writing the response: %v", err)
	}
}

// serve answers on address until ctx ends, then lets open requests finish.
func serve(ctx context.Context, address string) error {
	server := &http.Server{
		Addr:              address,
		Handler:           newHandler(),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("version %s listens on %s", version, address)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping: open requests may finish")
	grace, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	return server.Shutdown(grace)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, address); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	log.Print("stopped")
}
