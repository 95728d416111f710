package migrations_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"minifb/migrations"
)

// previousVariable names a directory with the source of the previous release, for where git has no
// history.
const previousVariable = "MINIFB_PREVIOUS"

// While a new release is deployed, functions of the previous one run on the new schema. The test
// takes the release before the newest migration, replaces its migrations with today's, and runs the
// tests of its store.
func TestPreviousRelease(t *testing.T) {
	t.Parallel()
	ctx, dir, all := t.Context(), t.TempDir(), ups(t)
	newest := all[len(all)-1]
	release, err := checkOut(ctx, "..", newest, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := replaceMigrations(filepath.Join(dir, "migrations")); err != nil {
		t.Fatal(err)
	}
	output, failed := testStore(ctx, dir, ".")
	if n := len(failed); n > 0 && n <= 3 && !strings.Contains(output, "panic: ") {
		// The schema breaks a test each time, a busy machine does not.
		t.Logf("once more, because they failed: %s\n%s", strings.Join(failed, ", "), output)
		output, failed = testStore(ctx, dir, "^("+strings.Join(failed, "|")+")$")
	}
	switch {
	case len(failed) > 0:
		t.Fatalf("The release before migrations/%s does not work on the schema after it. It is %s.\n"+
			"These tests of its store fail: %s\n%s\n%s",
			newest, release, strings.Join(failed, ", "), head(output, 40), recipe)
	case !regexp.MustCompile(`(?m)^ok\s+\S+\s+[0-9.]+s$`).MatchString(output):
		t.Fatalf("The tests of the previous release's store did not run. It is %s.\n%s", release, head(output, 40))
	}
}

// checkOut writes the source of the release before the newest migration into dir, and returns a
// name for that release.
func checkOut(ctx context.Context, repository, newest, dir string) (release string, err error) {
	if given := os.Getenv(previousVariable); given != "" {
		return given, copyTree(given, dir)
	}
	commit, err := previous(ctx, repository, newest)
	if err != nil {
		return "", err
	}
	archive := filepath.Join(dir, "release.tar")
	if _, err := git(ctx, repository, "archive", "--format=tar", "--output="+archive, commit); err != nil {
		return "", err
	}
	if output, err := exec.CommandContext(ctx, "tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("tar: %w: %s", err, output)
	}
	return git(ctx, repository, "log", "-1", "--format=commit %h (%s)", commit)
}

// copyTree copies a source tree without the files whose names begin with a dot, such as .git and
// .data.
func copyTree(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("%s: %w", previousVariable, err)
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case entry.IsDir():
			err = errors.Join(err, os.CopyFS(target, os.DirFS(source)))
		default:
			var content []byte
			if content, err = os.ReadFile(source); err == nil {
				err = os.WriteFile(target, content, 0o600)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", previousVariable, err)
		}
	}
	return nil
}

// previous returns the last commit that ran without the newest migration.
func previous(ctx context.Context, repository, newest string) (commit string, err error) {
	file := "migrations/" + newest
	other := "or set " + previousVariable + " to a directory with the source of the release before " + file
	if _, err := git(ctx, repository, "rev-parse", "HEAD"); err != nil {
		return "", fmt.Errorf("the previous release is taken from git's history: test in a clone, %s (%w)", other, err)
	}
	added, err := git(ctx, repository,
		"log", "-1", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", file)
	switch {
	case err != nil:
		return "", err
	case added == "":
		return "HEAD", nil // not committed yet
	}
	commit, err = git(ctx, repository, "rev-parse", "--verify", "--quiet", added+"^")
	if err != nil {
		return "", fmt.Errorf(
			"the history does not reach the release before %s: run `git fetch --unshallow`, %s", file, other)
	}
	tests, err := git(ctx, repository, "ls-tree", "--name-only", commit, "shared/store/")
	if err == nil && !strings.Contains(tests, "_test.go") {
		// Migration 0002 is older than the store's tests: use the first release that has the same
		// schema as today.
		return git(ctx, repository, "log", "-1", "--format=%H", "--", "migrations/*.up.sql")
	}
	return commit, err
}

// git returns what a git command writes. The files may belong to another user.
func git(ctx context.Context, repository string, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", repository, "-c", "safe.directory=*"}, args...)...)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GIT_") { // set in a hook, and about the repository there
			cmd.Env = append(cmd.Env, variable)
		}
	}
	written, err := cmd.Output()
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		err = fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(written)), err
}

// replaceMigrations puts today's migrations in the place of the release's own.
func replaceMigrations(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(old) == 0 {
		return fmt.Errorf("the release has no migrations: %w", err)
	}
	for _, file := range old {
		err = errors.Join(err, os.Remove(file))
	}
	for file, text := range map[string]string{"roles.sql": migrations.Roles, "grants.sql": migrations.Grants} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	return errors.Join(err, os.CopyFS(dir, migrations.Files))
}

var (
	failedTest   = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	databaseLine = regexp.MustCompile(`(?m)^.* testdbconf: .*\n`) // where each failed test had its database
)

// testStore runs the tests of the release's store that the pattern names, and returns the names of
// those that fail. It compiles with the flags of a release, so that `make test` compiles most
// packages once. Half of the tests' time is waiting: more of them run at once than there are
// processors.
func testStore(ctx context.Context, dir, pattern string) (output string, failed []string) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run="+pattern,
		"-count=1", "-vet=off", "-timeout=150s", "-parallel=6",
		"-trimpath", "-gcflags=all=-dwarf=false", "-buildvcs=false", "./shared/store/...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	written, _ := cmd.CombinedOutput() // it says whether it succeeded
	output = databaseLine.ReplaceAllString(string(written), "")
	for _, match := range failedTest.FindAllStringSubmatch(output, -1) {
		failed = append(failed, match[1])
	}
	return output, failed
}

// head returns the first lines of a text.
func head(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	if len(all) > lines {
		all = append(all[:lines:lines], fmt.Sprintf("… and %d more lines", len(all)-lines))
	}
	return strings.Join(all, "\n")
}
