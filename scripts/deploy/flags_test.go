package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostSSH stands for ssh to a prepared host: it reads the stored flags in a folder, and in place of
// scripts/setup keeps what that would install.
const hostSSH = `#!/bin/sh
for last; do :; done
case $last in
*"tar -xf"*)
	tar -xf - -C "$ETC" ./host.flags ./nginx/nginx.conf
	mv "$ETC/nginx/nginx.conf" "$ETC/nginx.conf" ;;
*) echo "$last" | sed "s#/etc/minifb#$ETC#g; s#/etc/nginx#$ETC#g" | sh ;;
esac
`

// Running scripts/host again without its first flags keeps them.
func TestHostKeepsItsFlags(t *testing.T) {
	t.Parallel()
	etc, keys := t.TempDir(), t.TempDir()
	ssh := filepath.Join(keys, "ssh")
	if err := os.WriteFile(ssh, []byte(hostSSH), 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(flags string) (output string, ok bool) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "../host", "admin@host")
		cmd.Env = append(os.Environ(), "SSH="+ssh, "ETC="+etc, "KEYS="+keys, "RENDER="+flags, "DATABASE_URL=")
		combined, err := cmd.CombinedOutput()
		return string(combined), err == nil
	}
	expect := func(flags, want string, nginx ...string) {
		t.Helper()
		if output, ok := run(flags); !ok {
			t.Fatalf("%q: %s", flags, output)
		}
		if got, err := os.ReadFile(filepath.Join(etc, "host.flags")); err != nil || string(got) != want {
			t.Errorf("%q: the host stores %q, %v, want %q", flags, got, err, want)
		}
		conf, err := os.ReadFile(filepath.Join(etc, "nginx.conf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range nginx {
			if line, absent := strings.CutPrefix(line, "!"); strings.Contains(string(conf), line) == absent {
				t.Errorf("%q: nginx.conf has %q: %v", flags, line, !absent)
			}
		}
	}
	expect("", "", "listen 80 ", "!ssl_certificate")
	expect("-cert /a.pem -key /a.key -redirect 80 -trust 10.0.0.0/16",
		"-cert=/a.pem\n-key=/a.key\n-redirect=80\n-trust=10.0.0.0/16\n", "ssl_certificate /a.pem;", "return 308")
	expect("", "-cert=/a.pem\n-key=/a.key\n-redirect=80\n-trust=10.0.0.0/16\n",
		"ssl_certificate /a.pem;", "return 308", "set_real_ip_from 10.0.0.0/16;")
	expect("-redirect= -trust=10.1.0.0/16", "-cert=/a.pem\n-key=/a.key\n-trust=10.1.0.0/16\n",
		"ssl_certificate /a.pem;", "!return 308", "!10.0.0.0/16", "set_real_ip_from 10.1.0.0/16;")
	if output, ok := run("-key="); ok || !strings.Contains(output, "both the certificate and its key") {
		t.Errorf("a certificate without its key: %s", output)
	}
	expect("", "-cert=/a.pem\n-key=/a.key\n-trust=10.1.0.0/16\n")

	// A host that an earlier version has set up, with flags that nobody has stored.
	if err := os.Remove(filepath.Join(etc, "host.flags")); err != nil {
		t.Fatal(err)
	}
	if output, ok := run(""); ok || !strings.Contains(output, "does not store its flags yet") {
		t.Errorf("a host whose flags are unknown: %s", output)
	}
	expect("-cert=", "", "!ssl_certificate")
}

// scripts/host fails if the setup of the host fails, and leaves nothing there.
func TestHostFailsWithTheSetup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ssh := filepath.Join(dir, "ssh")
	script := `#!/bin/sh
for last; do :; done
echo "$last" | sed 's#sh "$d/setup" "$d"#echo "d=$d" \&\& (exit 3)#; s#sudo -n##' >"$0.command"
grep -q "tar -xf" "$0.command" || exit 0
exec sh "$0.command"
`
	if err := os.WriteFile(ssh, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "../host", "admin@host")
	cmd.Env = append(os.Environ(), "SSH="+ssh, "KEYS="+dir, "RENDER=", "DATABASE_URL=", "TMPDIR="+dir)
	output, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v: %s", err, output)
	}
	_, folder, ok := strings.Cut(string(output), "d="+dir)
	folder, _, _ = strings.Cut(folder, "\n")
	if _, err := os.Stat(dir + folder); !ok || !os.IsNotExist(err) {
		t.Errorf("the folder %s remains: %v\n%s", folder, err, output)
	}
}

//nolint:paralleltest // it is short
func TestSetupKeepsFlagsAndDatabase(t *testing.T) {
	h := setupHost{etc: t.TempDir(), from: t.TempDir()}
	h.write(t, filepath.Join(h.from, "host.flags"), "-cert=/a.pem\n-key=/a.key\n")
	output := h.run(t, "keep_flags")
	if !strings.Contains(output, "stored in "+h.etc+"/host.flags: -cert=/a.pem -key=/a.key") {
		t.Errorf("it prints %s", output)
	}
	info, err := os.Stat(filepath.Join(h.etc, "host.flags"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the ordinary user cannot read the flags: %v, %v", info, err)
	}
	type hostCase struct{ stored, now, want string }
	cases := []hostCase{{"", "", "own\n"}, {ownURL, "", "own\n"}, {ownURL, otherURLs[0], "other\n"}}
	for _, url := range otherURLs {
		cases = append(cases, hostCase{url, "", "other\n"}, hostCase{ownURL + url, "", "other\n"},
			hostCase{url, "local", "own\n"})
	}
	for _, c := range cases {
		h = setupHost{etc: t.TempDir(), from: t.TempDir()}
		if c.stored != "" {
			h.write(t, filepath.Join(h.etc, "migrate.env"), c.stored)
		}
		if c.now != "" {
			h.write(t, filepath.Join(h.from, "database-url"), c.now)
		}
		if got := h.run(t, "if elsewhere; then echo other; else echo own; fi"); got != c.want {
			t.Errorf("a host with %q that is told %q uses its %s", c.stored, c.now, got)
		}
	}
}
