package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A systemdHost is a folder that stands for / of a host with systemd.
type systemdHost struct{ root string }

func (h systemdHost) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// run runs the steps with these assignments and a stand-in for systemctl. It returns what they print, and what
// systemctl was told.
func (h systemdHost) run(t *testing.T, assignments string) (output, told string, err error) {
	t.Helper()
	h.write(t, "bin/systemctl", "#!/bin/sh\necho \"$*\" >>'"+h.root+"/told'\n")
	script := strings.NewReplacer("/opt/", h.root+"/opt/", "/run/", h.root+"/run/", "/etc/", h.root+"/etc/",
		"/usr/", h.root+"/usr/").Replace(steps)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "ROOT=\n"+assignments+"\n"+script)
	cmd.Env = []string{"PATH=" + filepath.Join(h.root, "bin") + ":" + os.Getenv("PATH")}
	printed, err := cmd.CombinedOutput()
	log, _ := os.ReadFile(filepath.Join(h.root, "told"))
	return string(printed), string(log), err
}

// Nothing calls a retired function any more, and its timers stop before it does. None of its units stays in
// `systemctl --failed`.
func TestRetireStopsTheTimersFirst(t *testing.T) {
	t.Parallel()
	h := systemdHost{t.TempDir()}
	h.write(t, "opt/minifb/post/releases/20260101T000000.000-0123456789ab/bootstrap", "")
	h.write(t, "etc/systemd/system/minifb-post-keep.timer", "")
	h.write(t, "etc/systemd/system/minifb-comment-keep.timer", "")
	output, told, err := h.run(t, "VERB=retire AREA=post")
	want := "stop minifb-post-keep.timer\nstop minifb-post.socket\nstop minifb-post.service\n" +
		"stop minifb-post-next.service\nstop minifb-post-check.service\n" +
		"reset-failed minifb-post.* minifb-post-*\n"
	if err != nil || strings.ReplaceAll(told, "--quiet ", "") != want {
		t.Errorf("%v: %s\nsystemctl is told\n%s\nwant\n%s", err, output, told, want)
	}
}

// A schedule that failed for many reasons does not fill the screen.
func TestStatusShowsTheBeginningOfAFailure(t *testing.T) {
	t.Parallel()
	h := systemdHost{t.TempDir()}
	h.write(t, "opt/minifb/post/releases/20260101T000000.000-0123456789ab/bootstrap", "")
	h.write(t, "etc/systemd/system/minifb-post-keep.timer", "")
	h.write(t, "bin/journalctl", "#!/bin/sh\necho '{\"hint\":\""+strings.Repeat("Ω, ", 5000)+"\"}'\n")
	output, _, _ := h.run(t, "VERB=status AREA=")
	line := regexp.MustCompile(`(?m)^  minifb-post-keep: {"hint":"Ω, .*$`).FindString(output)
	if line == "" || len(line) > 500 {
		t.Errorf("status prints %d bytes for the failure: %.300s", len(line), output)
	}
}

// make status fails if the backups of a host do.
func TestStatusFailsWithTheBackups(t *testing.T) {
	t.Parallel()
	h := systemdHost{t.TempDir()}
	h.write(t, "opt/README", "")
	for _, c := range []struct {
		status, want string
		ok           bool
	}{
		{"", "cannot say yet whether its backups succeed", true},
		{"echo all is well", "all is well", true},
		{"echo LATE; exit 1", "LATE", false},
	} {
		if c.status != "" {
			h.write(t, "usr/local/lib/minifb/backup-status", "#!/bin/sh\n"+c.status+"\n")
		}
		output, _, err := h.run(t, "VERB=status AREA=")
		if (err == nil) != c.ok || !strings.Contains(output, c.want) {
			t.Errorf("%q: %v: %s", c.status, err, output)
		}
	}
}
