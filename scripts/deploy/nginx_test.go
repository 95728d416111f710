package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A configuration that nginx refuses is not left for its next start, and Debian's own is kept for scripts/uninstall.
func TestSetupKeepsAConfigurationThatNginxAccepts(t *testing.T) {
	t.Parallel()
	h := setupHost{etc: t.TempDir(), from: t.TempDir()}
	h.write(t, filepath.Join(h.etc, "nginx.conf"), "debian")
	configure := func(next, accepts string) string {
		t.Helper()
		h.write(t, filepath.Join(h.from, "nginx", "nginx.conf"), next)
		return h.run(t, `nginx=$etc; nginx() { echo planted; `+accepts+`; }
			if (configure_nginx); then echo done; else echo failed; fi`)
	}
	for _, c := range []struct{ next, accepts, says, want string }{
		{"bad", "false", "planted", "debian"}, {"first", "true", "done", "first"},
		{"bad", "false", "planted", "first"}, {"second", "true", "done", "second"},
	} {
		if output := configure(c.next, c.accepts); !strings.Contains(output, c.says) ||
			strings.Contains(output, "done") != (c.accepts == "true") {
			t.Errorf("%+v: it prints %s", c, output)
		}
		for name, want := range map[string]string{"nginx.conf": c.want, "nginx.conf.debian": "debian"} {
			if got, err := os.ReadFile(filepath.Join(h.etc, name)); err != nil || string(got) != want {
				t.Errorf("%+v: %s is %q, %v, want %q", c, name, got, err, want)
			}
		}
		if files, err := os.ReadDir(h.etc); err != nil || len(files) != 2 {
			t.Errorf("%+v: the folder has %v, %v", c, files, err)
		}
	}
}
