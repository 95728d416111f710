package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted are files of a host with minifb, and whether they stay.
var planted = map[string]bool{
	"etc/systemd/system/minifb-post.service": false, "etc/systemd/system/minifb-post.socket": false,
	"etc/systemd/system/minifb-post.service.d/own.conf": false, "etc/systemd/system/minifb-backup.timer": false,
	"etc/systemd/system/minifb-failed@.service": false, "etc/systemd/system/other.service": true,
	"etc/minifb/private.jwk": false, "etc/minifb/migrate.env": false, "opt/minifb/post/current/bootstrap": false,
	"usr/local/lib/minifb/backup": false, "var/log/minifb/refused.log": false, "etc/logrotate.d/minifb": false,
	"etc/logrotate.d/other": true, "etc/nginx/nginx.conf": true, "etc/nginx/nginx.conf.debian": false,
	"etc/postgresql/15/main/conf.d/minifb.conf": true, "var/backups/minifb/minifb-1.dump": true,
	"var/lib/minifb-metrics/backup.prom": true,
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name := range planted {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	system := filepath.Join(root, "etc/systemd/system")
	wants := filepath.Join(system, "sockets.target.wants")
	for _, err := range []error{
		os.Mkdir(wants, 0o700),
		os.Symlink("/etc/systemd/system/minifb-post.socket", filepath.Join(wants, "minifb-post.socket")),
		os.Symlink("/etc/systemd/system/other.socket", filepath.Join(wants, "other.socket")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "../uninstall", "local")
	cmd.Env = append(os.Environ(), "ROOT="+root, "DATABASE=")
	output, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "the backups in /var/backups/minifb stay") {
		t.Fatalf("%v: %s", err, output)
	}
	for name, stays := range planted {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != stays {
			t.Errorf("%s stays: %v, want %v", name, err == nil, stays)
		}
	}
	conf, err := os.ReadFile(filepath.Join(root, "etc/nginx/nginx.conf"))
	if string(conf) != "etc/nginx/nginx.conf.debian" {
		t.Errorf("nginx has the configuration %q, %v", conf, err)
	}
	var links []string
	entries, err := os.ReadDir(wants)
	for _, entry := range entries {
		links = append(links, entry.Name())
	}
	if err != nil || !slices.Equal(links, []string{"other.socket"}) {
		t.Errorf("systemd enables %v, %v", links, err)
	}
	again := exec.CommandContext(t.Context(), "sh", "../uninstall", "local")
	again.Env = cmd.Env
	if output, err := again.CombinedOutput(); err != nil {
		t.Errorf("a second time: %v: %s", err, output)
	}
}

// The host gets the script itself, and the words of the operator as no more than words.
func TestUninstallBySSH(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ssh := filepath.Join(dir, "ssh")
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexec cmp - ../uninstall\n"
	if err := os.WriteFile(ssh, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(host, database string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "../uninstall", host)
		cmd.Env = append(os.Environ(), "SSH="+ssh, "DATABASE="+database)
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	output, err := run("admin@host", "drop")
	command := strings.Contains(output, "admin@host\n--\n") && strings.Contains(output, "'DATABASE=drop sh -s local'")
	if err != nil || !command {
		t.Errorf("%v: %s", err, output)
	}
	for _, bad := range [][2]string{{"-oProxyCommand=x", ""}, {"a;b", ""}, {"a", "$(touch x)"}, {"a", "yes"}} {
		if output, err := run(bad[0], bad[1]); err == nil || strings.Contains(output, "--\n") {
			t.Errorf("%q: %v, %s", bad, err, output)
		}
	}
}
