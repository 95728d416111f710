package bundle

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"minifb/shared/ops/process"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/programs"
)

// The gateway stops before the functions: a request under way needs its function.
func TestTheGatewayStopsFirst(t *testing.T) {
	t.Parallel()
	b := New(Options{Dir: tempDir(t)})
	b.Template = &sam.Template{Functions: []sam.Function{{
		Area: "post", Routes: []sam.Route{{Method: "GET", Path: "/post"}},
	}}}
	var err error
	if b.dir, err = openDataDir(b.o.Dir); err != nil {
		t.Fatal(err)
	}
	if b.listeners, err = listen(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := b.serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	sleep := filepath.Join(b.o.Dir, "sleep")
	if err := os.WriteFile(sleep, []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	function := process.New(process.Options{
		Name: "post", Binary: sleep, Env: func() []string { return nil }, Listen: b.dir.socket("post"),
		Log: filepath.Join(b.o.Dir, "log", "post.log"), Logf: t.Logf,
	})
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	b.Functions = []*process.Unit{function}
	programs.Until(t, "the function runs", func() bool { return function.PID() != 0 })

	// The test itself responds in place of the function.
	socket, err := net.Listen("unix", b.dir.socket("post"))
	if err != nil {
		t.Fatal(err)
	}
	begun, respond := make(chan struct{}), make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-respond
	})}
	go func() { _ = server.Serve(socket) }()
	defer server.Close()
	status := make(chan int, 1)
	go func() { status <- get(t, b.URL+"/post") }()
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- b.Stop() }()
	programs.Until(t, "the gateway accepts no connection", func() bool {
		c, err := net.Dial("tcp", b.listeners[0].Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if function.PID() == 0 {
		t.Error("the function was stopped while a request is under way")
	}
	close(respond)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request under way got %d, want 200", got)
	}
	if err := <-stopped; err != nil || function.PID() != 0 {
		t.Errorf("after the stop: %v, the function's process id is %d, want 0", err, function.PID())
	}
}
