package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ssh would take a host that begins with a hyphen for an option, and some of those run commands.
func TestHostileHostsAreRefused(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "marker")
	ssh := filepath.Join(t.TempDir(), "ssh")
	script := []byte("#!/bin/sh\ntouch " + marker + "\n")
	if err := os.WriteFile(ssh, script, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH", ssh)
	for _, host := range []string{
		"-oProxyCommand=x", "-v", "root@-v", "a -v", "a  b", "a;b", "a'b", "$(x)", "`x`", "a\nb", "@a", "a@", "a@b@c",
		"한글",
	} {
		err := options{do: "status", host: host}.run(t.Context(), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "HOST must be") {
			t.Errorf("%q: %v", host, err)
		}
		command := exec.Command("sh", "../host", host)
		if output, err := command.CombinedOutput(); err == nil || !strings.Contains(string(output), "is not a host") {
			t.Errorf("scripts/host %q: %v, %s", host, err, output)
		}
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a hostile host reached ssh")
	}
	for _, host := range []string{"a", "root@host-1.example", "192.0.2.1", "[2001:db8::1]", "me.too@a_b"} {
		if !plainHost.MatchString(host) {
			t.Errorf("%q is refused", host)
		}
	}
}
