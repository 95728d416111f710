package function

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/config"
)

func TestListen(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "l") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	free := filepath.Join(dir, "free")

	stale := filepath.Join(dir, "stale")
	killed, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
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

	for address, want := range map[config.Address]string{
		{Network: "unix", Address: free}:                      "",
		{Network: "unix", Address: stale}:                     "",
		{Network: "tcp", Address: "127.0.0.1:0"}:              "",
		{Network: "unix", Address: taken}:                     "another process serves on",
		{Network: "unix", Address: file}:                      "address already in use",
		{Network: "unix", Address: filepath.Join(dir, "a/b")}: "no such file or directory",
		{Network: "tcp", Address: "127.0.0.1:http:8080"}:      "too many colons",
		{}: "LISTEN: is not set",
	} {
		listener, err := listen(address)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", address, err)
		case want == "":
			c, err := net.Dial(address.Network, listener.Addr().String())
			if err != nil {
				t.Errorf("%s: listens elsewhere: %v", address, err)
				continue
			}
			_, _ = c.Close(), listener.Close()
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: got %v, want an error with %q", address, err, want)
		}
	}
	if content, err := os.ReadFile(file); string(content) != "precious" {
		t.Errorf("a file that is no socket was changed: %q, %v", content, err)
	}
}
