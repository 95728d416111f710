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
	"etc/postgresql/15/main/conf.d/minifb.conf": true, "etc/postgresql/15/main/conf.d/own.conf": true,
	"etc/postgresql/15/main/conf.d/minifb-archive.conf": false, "var/backups/minifb/minifb-1.dump": true,
	"var/lib/minifb-metrics/backup.prom": true, "var/lib/systemd/timers/stamp-minifb-backup.timer": false,
	"var/lib/systemd/timers/stamp-other.timer": true,
}

// plant creates the files in a folder that stands for the host's /.
func plant(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for name := range planted {
		setupHost{}.write(t, filepath.Join(root, name), name)
	}
	return root
}

// uninstall runs the script, with stand-ins for the programs that control systemd and PostgreSQL. It returns what
// it prints, and what the stand-ins were told.
func uninstall(t *testing.T, root, database string) (output, told string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{
		"runuser": "echo \"$*\"; cat", "pg_ctlcluster": "echo pg_ctlcluster \"$*\"",
		"systemctl": "echo \"$*\"",
	} {
		text := "#!/bin/sh\n{ " + script + "; } >>'" + dir + "/log'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "../uninstall", "local")
	cmd.Env = append(os.Environ(), "ROOT="+root, "DATABASE="+database, "PATH="+dir+":"+os.Getenv("PATH"))
	printed, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return string(printed), string(log)
}

func exists(t *testing.T, root, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(root, name))
	return err == nil
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	root := plant(t)
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
	output, told := uninstall(t, root, "")
	for _, want := range []string{
		"the backups in /var/backups/minifb stay", "PostgreSQL 15 was restarted without minifb-archive.conf\n",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not print %q: %s", want, output)
		}
	}
	if told != "pg_ctlcluster 15 main restart\n" {
		t.Errorf("PostgreSQL is told %q", told)
	}
	for name, stays := range planted {
		if exists(t, root, name) != stays {
			t.Errorf("%s stays: %v, want %v", name, !stays, stays)
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
	if _, told := uninstall(t, root, ""); told != "" {
		t.Errorf("a second time, PostgreSQL is told %q", told)
	}
}

// systemd stops what runs, and forgets what has failed: neither stays in `systemctl --failed`.
func TestUninstallFromARunningHost(t *testing.T) {
	t.Parallel()
	root := plant(t)
	if err := os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, told := uninstall(t, root, "")
	const want = `--quiet disable --now minifb-backup.timer
--quiet disable --now minifb-post.socket
--quiet disable --now minifb-post.service
daemon-reload
--quiet reset-failed minifb-*
--quiet reload-or-restart nginx
--quiet restart postgresql@15-main
`
	if told != want {
		t.Errorf("systemd is told %s", told)
	}
}

// DATABASE=drop removes the database that scripts/setup has created, and no other.
func TestUninstallDropsTheHostsOwnDatabaseAlone(t *testing.T) {
	t.Parallel()
	const conf, dump = "etc/postgresql/15/main/conf.d/minifb.conf", "var/backups/minifb/minifb-1.dump"
	type hostCase struct {
		url     string
		another bool // its PostgreSQL is another's
		drops   bool
	}
	cases := []hostCase{{ownURL, false, true}, {"", false, true}, {ownURL, true, false}, {"", true, false}}
	for _, url := range otherURLs {
		cases = append(cases, hostCase{url, false, false}, hostCase{ownURL + url, false, false})
	}
	for _, c := range cases {
		root := plant(t)
		setupHost{}.write(t, filepath.Join(root, "etc/minifb/migrate.env"), c.url)
		if c.another {
			if err := os.Remove(filepath.Join(root, conf)); err != nil {
				t.Fatal(err)
			}
		}
		output, told := uninstall(t, root, "drop")
		if strings.Contains(told, "DROP DATABASE") != c.drops || exists(t, root, dump) == c.drops {
			t.Errorf("%+v: it drops something else than it should: %s\n%s", c, told, output)
		}
		restarted := strings.HasSuffix(told, "pg_ctlcluster 15 main restart\n")
		if exists(t, root, conf) != (!c.drops && !c.another) || !restarted {
			t.Errorf("%+v: PostgreSQL keeps minifb's settings, or is told %q", c, told)
		}
		last := "PostgreSQL 15 was restarted without minifb-archive.conf"
		if c.drops {
			last += " minifb.conf"
		}
		if !strings.HasSuffix(output, last+"\n") {
			t.Errorf("%+v: it prints %s", c, output)
		}
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
