package function

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "l") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	free := filepath.Join(dir, "free")

	leftover := filepath.Join(dir, "leftover")
	killed, err := net.ListenUnix("unix", &net.UnixAddr{Name: leftover, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	killed.SetUnlinkOnClose(false)
	_ = killed.Close()

	taken := filepath.Join(dir, "taken")
	other, err := net.Listen("unix", taken)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}

	for address, want := range map[string]string{
		"unix:" + free:                      "",
		"unix:" + leftover:                  "",
		"tcp:127.0.0.1:0":                   "",
		"unix:" + taken:                     "another process serves on",
		"unix:" + file:                      "address already in use",
		"unix:" + filepath.Join(dir, "a/b"): "no such file or directory",
		"tcp:" + "127.0.0.1:http:8080":      "too many colons",
		"":                                  "name unix:/path/of/socket or tcp:host:port",
		"/run/post.sock":                    "name unix:/path/of/socket or tcp:host:port",
		"udp:127.0.0.1:0":                   "name unix:/path/of/socket or tcp:host:port",
	} {
		listener, err := listen(address)
		switch {
		case want == "" && err != nil:
			t.Errorf("LISTEN=%s: %v", address, err)
		case want == "":
			kind, _, _ := strings.Cut(address, ":")
			c, err := net.Dial(kind, listener.Addr().String())
			if err != nil {
				t.Errorf("LISTEN=%s listens, but not where it says: %v", address, err)
				continue
			}
			_, _ = c.Close(), listener.Close()
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("LISTEN=%s: %v, want an error about %q", address, err, want)
		}
	}
	if content, err := os.ReadFile(file); string(content) != "precious" {
		t.Errorf("a file that is no socket was touched: %q, %v", content, err)
	}
}
