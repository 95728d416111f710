package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"minifb/shared/testkit/testdb"
)

// A small size of `make test-deploy`. How long an answer takes is not held to account here, where other tests run beside it.
func TestDeploysLoseNothing(t *testing.T) {
	t.Parallel()
	root, err := os.MkdirTemp("", "mfd") // t.TempDir may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	var said bytes.Buffer
	w, err := newWorld(t.Context(), root, "../..", testdb.URL(t), 4*time.Second, &said)
	if w != nil {
		defer w.stop()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	small := trial{rate: 100, quiet: time.Second, deploys: 4, pause: 100 * time.Millisecond}
	if err := small.run(t.Context(), w, &said); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	t.Log(said.String())
}
