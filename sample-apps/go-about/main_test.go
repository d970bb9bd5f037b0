package main

import "testing"

func TestAboutTellsVersionAndKind(t *testing.T) {
	old := version
	t.Cleanup(func() { version = old })
	version = "1.2.3"
	if got, want := about(), `version "1.2.3", `+kind+` build`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
