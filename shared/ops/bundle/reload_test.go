package bundle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// replace replaces the program of post by a rename, as scripts/compile does.
func replace(t *testing.T, b *Bundle, program []byte) {
	t.Helper()
	made := filepath.Join(t.TempDir(), "post")
	if err := os.WriteFile(made, program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made, b.Binary("post")); err != nil {
		t.Fatal(err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	b := New(Options{Source: "../../..", Dir: tempDir(t), Areas: []string{"post"}, Fast: true, Logf: t.Logf})
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	}()
	good, err := os.ReadFile(b.Binary("post"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	results := make(chan error, 3)
	first := b.Function("post").PID()
	watching.Go(func() {
		b.Reload(ctx, func(area string, err error) {
			if area != "post" {
				t.Errorf("the function %s restarts", area)
			}
			results <- err
		})
	})
	for _, program := range []struct {
		content []byte
		err     string
	}{
		{good, ""}, {[]byte("#!/bin/sh\necho a syntax error\nexit 2\n"), "a syntax error"}, {good, ""},
	} {
		replace(t, b, program.content)
		text := ""
		select {
		case err := <-results:
			if err != nil {
				text = err.Error()
			}
		case <-time.After(2 * readyTimeout):
			t.Fatal("the function does not restart")
		}
		if (text == "") != (program.err == "") || !strings.Contains(text, program.err) {
			t.Errorf("got %q, want %q", text, program.err)
		}
	}
	if pid := b.Function("post").PID(); pid == first || pid == 0 {
		t.Errorf("the process is %d, and was %d", pid, first)
	}
	if status := get(t, b.URL+"/post"); status != 200 {
		t.Errorf("GET /post: %d", status)
	}
}
