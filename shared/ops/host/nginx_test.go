package host_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/programs"
)

// A request that is under way when nginx stops gets its response.
func TestAStopOfNginxCutsNoRequest(t *testing.T) {
	t.Parallel()
	dir := root(t, "current", "")
	parsed, err := sam.Parse([]byte(template))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, host.Run), 0o700); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, host.Run, "post.sock"))
	if err != nil {
		t.Fatal(err)
	}
	begun, respond := make(chan struct{}), make(chan struct{})
	function := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-respond
		_, _ = io.WriteString(w, "whole")
	})}
	go func() { _ = function.Serve(socket) }()
	defer function.Close()
	address, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	nginx, err := host.StartNginx(dir, parsed, render.Nginx{Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + address + "/post")
		if err != nil {
			got <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		got <- response.Status + " " + string(body)
	}()
	<-begun
	stopped := make(chan struct{})
	go func() { nginx.Stop(); close(stopped) }()
	programs.Until(t, "nginx accepts no connection", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(respond)
	if response := <-got; !strings.HasPrefix(response, "200 ") || !strings.HasSuffix(response, " whole") {
		t.Errorf("the request under way got %q", response)
	}
	<-stopped
}
