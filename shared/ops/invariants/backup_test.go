package invariants_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"minifb/shared/testkit/testdb"
)

// Backups and their checks leave metrics when they succeed, and keep the last ones when they fail.
func TestBackupLeavesMetrics(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(testdb.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	dumps, metrics := t.TempDir(), t.TempDir()
	database := strings.TrimPrefix(address.Path, "/")
	if output, err := runScript(t.Context(), t, "backup", database, dumps, metrics); err != nil {
		t.Fatalf("backup: %v\n%s", err, output)
	}
	if output, err := restoreCheck(t.Context(), t, dumps, metrics); err != nil {
		t.Fatalf("restore-check: %v\n%s", err, output)
	}
	left := map[string]string{}
	for name, pattern := range map[string]string{
		"backup.prom":        `^minifb_backup_success_timestamp_seconds \d+\nminifb_backup_size_bytes \d+\n$`,
		"restore-check.prom": `^minifb_restore_check_success_timestamp_seconds \d+\n$`,
	} {
		text, err := os.ReadFile(filepath.Join(metrics, name))
		if err != nil || !regexp.MustCompile(pattern).Match(text) {
			t.Errorf("%s has %q, %v", name, text, err)
		}
		promtool := exec.Command("promtool", "check", "metrics")
		promtool.Stdin = strings.NewReader(string(text))
		if output, err := promtool.CombinedOutput(); err != nil && promtool.ProcessState.ExitCode() != 3 { // 3: advice
			t.Errorf("%s: %v\n%s", name, err, output)
		}
		left[name] = string(text)
	}

	if output, err := runScript(t.Context(), t, "backup", "missing_"+database, dumps, metrics); err == nil {
		t.Errorf("the backup of a missing database succeeds: %s", output)
	}
	if output, err := restoreCheck(t.Context(), t, t.TempDir(), metrics); err == nil {
		t.Errorf("the check of no dump succeeds: %s", output)
	}
	for name, before := range left {
		if text, err := os.ReadFile(filepath.Join(metrics, name)); err != nil || string(text) != before {
			t.Errorf("after a failure %s has %q, %v", name, text, err)
		}
	}
}
