package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"time"
)

const zone = "Asia/Tokyo"

// A need is something that the program asks of the image that it runs in.
type need struct {
	name string
	ask  func(context.Context) (string, error)
}

// needs are all of them, in the order in which they are told.
var needs = []need{
	{"tls", askPartner},
	{"zone", tellZone},
	{"user", tellUser},
	{"temp", writeTemp},
}

// find returns the need of this name.
func find(name string) (need, bool) {
	for _, each := range needs {
		if each.name == name {
			return each, true
		}
	}
	return need{}, false
}

// tellZone needs the time zone database.
func tellZone(context.Context) (string, error) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return "", err
	}
	noon := time.Date(2030, time.January, 1, 12, 0, 0, 0, time.UTC)
	return fmt.Sprintf("12:00 in UTC is %s in %s", noon.In(place).Format("15:04"), zone), nil
}

// tellUser needs /etc/passwd, which gives names to the numbers of users.
func tellUser(context.Context) (string, error) {
	current, err := user.LookupId(fmt.Sprint(os.Getuid()))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s is the user %s", current.Uid, current.Username), nil
}

// writeTemp needs a folder that its user may write to: TMPDIR, or /tmp.
func writeTemp(context.Context) (string, error) {
	file, err := os.CreateTemp("", "note-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := file.WriteString("a note\n"); err != nil {
		return "", err
	}
	return "wrote a file into " + os.TempDir(), nil
}
