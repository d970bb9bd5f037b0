package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

const (
	port        = ":8080"
	gracePeriod = 5 * time.Second
)

// newHandler returns the service's routes.
func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /needs/{name}", func(w http.ResponseWriter, r *http.Request) {
		each, ok := find(r.PathValue("name"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		said, err := each.ask(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, said)
	})
	return mux
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
	log.Printf("process %d listens on %s", os.Getpid(), address)

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("asked to end: open requests may finish")
	grace, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	return server.Shutdown(grace)
}

// health asks the service in this container whether it is well.
func health(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	url := "http://127.0.0.1" + port + "/healthz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %s", url, response.Status)
	}
	return "the service is well", nil
}
