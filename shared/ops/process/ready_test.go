package process

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAwaitReadyGivesUp(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"dies":    "dies as soon as it starts; the end of",
		"hangs":   "(its /readyz returns nothing)",
		"unready": "(its /readyz returns 503)",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			u := startUnit(t, how, &recorder{})
			atMost := time.Second
			if how == "dies" {
				atMost = readyTimeLimit
			}
			err := u.AwaitReady(t.Context(), atMost)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %q", err, want)
			}
			if how == "dies" && !strings.Contains(err.Error(), "the reason") {
				t.Errorf("%q does not contain the end of the log", err)
			}
		})
	}
}

func TestStartNotified(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"serves": "", "dies": "exited before it was ready", "hangs": "not ready within",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			u := newUnit(t, how, &recorder{})
			dir := filepath.Dir(u.Log)
			u.Restart, u.Socket = false, nil
			u.Listen, u.Notify = filepath.Join(dir, "own.sock"), filepath.Join(dir, "notify")
			atMost := time.Second
			if how != "hangs" {
				atMost = readyTimeLimit
			}
			err := u.StartNotified(atMost)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %q", err, want)
			}
			if serves := u.PID() != 0; serves != (want == "") {
				t.Errorf("there is a process: %v", serves)
			}
			if want == "" {
				if got := fetch(t, u, "/pid"); got != strconv.Itoa(u.PID()) {
					t.Errorf("process %s responds, want %d", got, u.PID())
				}
			}
			u.Stop(time.Minute)
			if _, err := os.Stat(u.Notify); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the notification socket still exists: %v", err)
			}
		})
	}
}
