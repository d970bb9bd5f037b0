package main

import (
	"bytes"
	"testing"
)

func TestEveryRunMakesTheSame(t *testing.T) {
	authority, partner, err := makeFiles()
	if err != nil {
		t.Fatal(err)
	}
	again, partnerAgain, err := makeFiles()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(authority, again) || !bytes.Equal(partner, partnerAgain) {
		t.Error("two runs differ")
	}
}
