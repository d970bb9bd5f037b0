package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestServiceAnswers(t *testing.T) {
	for path, want := range map[string]int{
		"/healthz":      http.StatusOK,
		"/needs/zone":   http.StatusOK,
		"/needs/temp":   http.StatusOK,
		"/needs/tls":    http.StatusInternalServerError, // no partner here
		"/needs/wishes": http.StatusNotFound,
	} {
		recorder := httptest.NewRecorder()
		newHandler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != want {
			t.Errorf("%s: status %d, want %d: %s", path, recorder.Code, want, recorder.Body)
		}
	}
}

func TestZoneKnowsTokyo(t *testing.T) {
	said, err := tellZone(context.Background())
	if err != nil || !strings.Contains(said, "21:00 in Asia/Tokyo") {
		t.Errorf("%q, %v", said, err)
	}
}

func TestHealthFailsWithoutService(t *testing.T) {
	if said, err := health(context.Background()); err == nil {
		t.Errorf("it says %q, and nobody listens", said)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, "127.0.0.1:0") }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(gracePeriod):
		t.Error("serve did not end")
	}
}
