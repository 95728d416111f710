package invariants_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minifb/shared/testkit/testdb"
)

// Backups and their checks leave metrics when they succeed, and keep the last ones when they fail.
func TestBackupLeavesMetrics(t *testing.T) {
	t.Parallel()
	database := databaseName(t, testdb.URL(t))
	dumps, metrics := t.TempDir(), t.TempDir()
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

func databaseName(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// dumpsIn returns the names of the files in a folder.
func dumpsIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// The newest 14 dumps stay, only their owner can read them, and nothing of a dump that failed
// or was killed remains.
func TestBackupKeepsTheNewest(t *testing.T) {
	t.Parallel()
	database, dumps := databaseName(t, testdb.URL(t)), t.TempDir()
	planted := []string{"minifb-20260116T023000Z.dump.part"}
	for day := range 15 {
		planted = append(planted, fmt.Sprintf("minifb-202601%02dT023000Z.dump", day+1))
	}
	for _, name := range planted {
		if err := os.WriteFile(filepath.Join(dumps, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if output, err := runScript(t.Context(), t, "backup", database, dumps); err != nil {
		t.Fatalf("backup: %v\n%s", err, output)
	}
	names := dumpsIn(t, dumps)
	if len(names) != 14 || names[0] != "minifb-20260103T023000Z.dump" {
		t.Fatalf("the folder has %d dumps: %q", len(names), names)
	}
	info, err := os.Stat(filepath.Join(dumps, names[13]))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("the new dump is %v: %v", info, err)
	}
	if output, err := runScript(t.Context(), t, "backup", "missing_"+database, dumps); err == nil {
		t.Errorf("the backup of a missing database succeeds: %s", output)
	}
	if after := dumpsIn(t, dumps); !slices.Equal(after, names) {
		t.Errorf("after a failure the folder has %q, not %q", after, names)
	}
}

// restore-check notices a dump that was cut short or has other bytes than pg_dump wrote.
func TestRestoreCheckNoticesDamage(t *testing.T) {
	t.Parallel()
	address, dumps := testdb.URL(t), t.TempDir()
	if _, err := testdb.Open(t, address).Exec(rows); err != nil {
		t.Fatal(err)
	}
	if output, err := runScript(t.Context(), t, "backup", databaseName(t, address), dumps); err != nil {
		t.Fatalf("backup: %v\n%s", err, output)
	}
	dump := filepath.Join(dumps, dumpsIn(t, dumps)[0])
	whole, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	zeros := bytes.Clone(whole)
	clear(zeros[len(zeros)*2/3:])
	for name, content := range map[string][]byte{
		"nothing": {}, "half of it": whole[:len(whole)/2], "all but the end": whole[:len(whole)-100],
		"zeros in it": zeros,
	} {
		if err := os.WriteFile(dump, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if output, err := restoreCheck(t.Context(), t, dumps); err == nil {
			t.Errorf("%s passes: %s", name, output)
		}
	}
	if err := os.WriteFile(dump, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := restoreCheck(t.Context(), t, dumps); err != nil {
		t.Errorf("the whole dump is refused: %v: %s", err, output)
	}
}

// The archive gets all of the database on Sundays, and otherwise what has changed. A failure leaves no metric.
func TestTheArchiveIsWholeOnSundays(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]string{"6": "incr", "7": "full", "1": "incr"} {
		dir := t.TempDir()
		for name, script := range map[string]string{
			"date":       `[ "$1" != +%u ] || exec echo ` + day + "\nexec /bin/date \"$@\"\n",
			"pgbackrest": `echo "$*"; [ ! -e "$FAILS" ]` + "\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		run := func(fails string) (output string, ok bool) {
			cmd := exec.CommandContext(t.Context(), "../../../scripts/archive-backup", dir)
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "FAILS="+fails)
			text, err := cmd.CombinedOutput()
			return string(text), err == nil
		}
		metric := filepath.Join(dir, "archive.prom")
		if output, ok := run(dir); ok {
			t.Errorf("a failure is reported as a success: %s", output)
		}
		if _, err := os.Stat(metric); !os.IsNotExist(err) {
			t.Errorf("after a failure there is a metric: %v", err)
		}
		if output, ok := run(""); !ok || output != "--stanza=minifb --type="+want+" backup\n" {
			t.Errorf("on day %s: %s, want %s", day, output, want)
		}
		if _, err := os.Stat(metric); err != nil {
			t.Errorf("after a success there is no metric: %v", err)
		}
	}
}
