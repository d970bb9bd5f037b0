package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	newHandler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func field(t *testing.T, body []byte, name string) string {
	t.Helper()
	var values map[string]string
	if err := json.Unmarshal(body, &values); err != nil {
		t.Fatalf("not JSON: %q: %v", body, err)
	}
	return values[name]
}

func TestHelloGreets(t *testing.T) {
	for path, want := range map[string]string{
		"/api/hello":              "Hello, world!",
		"/api/hello?name=Ada":     "Hello, Ada!",
		"/api/hello?name=%22Q%22": "Hello, \"Q\"!",
	} {
		response := get(t, path)
		if response.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, response.Code)
		}
		if kind := response.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s: Content-Type %q", path, kind)
		}
		if got := field(t, response.Body.Bytes(), "message"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestVersionIsTheLinkedOne(t *testing.T) {
	old := version
	t.Cleanup(func() { version = old })
	version = "1.2.3"
	if got := field(t, get(t, "/version").Body.Bytes(), "version"); got != version {
		t.Errorf("got %q, want %q", got, version)
	}
}

func TestHealth(t *testing.T) {
	if code := get(t, "/healthz").Code; code != http.StatusOK {
		t.Errorf("status %d", code)
	}
}

func TestUnknownPathIsNotFound(t *testing.T) {
	if code := get(t, "/nothing").Code; code != http.StatusNotFound {
		t.Errorf("status %d", code)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, "127.0.0.1:0") }()
	cancel()
	select {
	case err := <-ended:
		if err != nil && err != http.ErrServerClosed {
			t.Errorf("serve: %v", err)
		}
	case <-time.After(gracePeriod):
		t.Error("serve did not end")
	}
}
