package invariants_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scripts/backup-status, which `make status` runs on the host, fails if a nightly job has failed or is late.
func TestBackupStatus(t *testing.T) {
	t.Parallel()
	const hour = int64(3600)
	for name, c := range map[string]struct {
		backup, check int64  // when they succeeded, in seconds before now
		result        string // of the last backup, from systemd
		want          []string
		failed        bool
	}{
		"both succeeded": {0, 25 * hour, "success", []string{"backup", ": ok\n", "restore-check", ": ok\n"}, false},
		"late":           {27 * hour, 0, "success", []string{": LATE: it has not succeeded for 27 hours\n"}, true},
		"the check late": {0, 30 * hour, "success", []string{"backup", ": ok\n", "restore-check", ": LATE"}, true},
		"failed":         {0, 0, "exit-code", []string{": FAILED (exit-code): journalctl -u minifb-backup"}, true},
		"timed out":      {0, 0, "timeout", []string{"backup", ": FAILED (timeout)"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			metrics, programs := t.TempDir(), t.TempDir()
			now := time.Now().Unix()
			// systemd is not running where the tests run.
			systemctl := "#!/bin/sh\ncase $4 in minifb-backup.*) echo " + c.result + " ;; *) echo success ;; esac\n"
			for path, text := range map[string]string{
				filepath.Join(metrics, "backup.prom"): fmt.Sprintf(
					"minifb_backup_success_timestamp_seconds %d\nminifb_backup_size_bytes 1\n", now-c.backup),
				filepath.Join(metrics, "restore-check.prom"): fmt.Sprintf(
					"minifb_restore_check_success_timestamp_seconds %d\n", now-c.check),
				filepath.Join(programs, "systemctl"): systemctl,
			} {
				if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("../../../scripts/backup-status", metrics)
			cmd.Env = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
			output, err := cmd.CombinedOutput()
			if (err != nil) != c.failed {
				t.Errorf("%v: %s", err, output)
			}
			rest := string(output)
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("the output lacks %q: %s", want, output)
				}
				rest = after
			}
		})
	}
	if output, err := exec.Command("../../../scripts/backup-status", t.TempDir()).CombinedOutput(); err == nil {
		t.Errorf("without any success: %s", output)
	}
}
