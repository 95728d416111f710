package migrations_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// history is a repository in which each commit adds or changes one file.
type history struct{ dir string }

func newHistory(t *testing.T) history {
	t.Helper()
	h := history{t.TempDir()}
	h.git(t, "init", "--quiet")
	return h
}

func (h history) git(t *testing.T, args ...string) string {
	t.Helper()
	config := []string{"-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"}
	output, err := git(t.Context(), h.dir, append(config, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// commit writes the file and returns the new commit.
func (h history) commit(t *testing.T, file, content string) string {
	t.Helper()
	h.write(t, file, content)
	h.git(t, "add", ".")
	h.git(t, "commit", "--quiet", "--message="+file)
	return h.git(t, "rev-parse", "HEAD")
}

func (h history) write(t *testing.T, file, content string) {
	t.Helper()
	path := filepath.Join(h.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPreviousIsTheCommitBeforeTheNewestMigration(t *testing.T) {
	t.Parallel()
	const first, second = "migrations/0001_a.tx.up.sql", "migrations/0002_b.tx.up.sql"
	h := newHistory(t)
	h.commit(t, first, "SELECT 1")
	h.write(t, second, "SELECT 2") // not committed
	expect := func(newest, want string) {
		t.Helper()
		got, err := previous(t.Context(), h.dir, filepath.Base(newest))
		if got != want || err != nil {
			t.Errorf("before %s: %q, %v; want %q", newest, got, err, want)
		}
	}
	expect(second, "HEAD")
	if err := os.Remove(filepath.Join(h.dir, second)); err != nil {
		t.Fatal(err)
	}
	tested := h.commit(t, "shared/store/a_test.go", "package store")
	h.commit(t, second, "SELECT 2")
	expect(second, tested)
	h.commit(t, second, "SELECT 3") // corrected after it was added
	h.commit(t, "README.md", "more")
	expect(second, tested)

	// A merged branch brings a migration and other commits: the release before is the one it was
	// merged into.
	h.git(t, "checkout", "--quiet", "-b", "branch")
	h.commit(t, "shared/store/b.go", "package store")
	h.commit(t, "migrations/0003_c.tx.up.sql", "SELECT 3")
	h.git(t, "checkout", "--quiet", "-")
	before := h.commit(t, "README.md", "still more")
	h.git(t, "merge", "--quiet", "--no-ff", "--message=merge", "branch")
	expect("0003_c.tx.up.sql", before)

	// Without tests in the store, the first release with the present migrations takes its place.
	h = newHistory(t)
	h.commit(t, first, "SELECT 1")
	h.commit(t, second, "SELECT 2")
	corrected := h.commit(t, first, "SELECT 1 AS one")
	h.commit(t, "README.md", "more")
	expect(second, corrected)
}

func TestPreviousWithoutHistory(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.commit(t, "migrations/0001_a.tx.up.sql", "SELECT 1")
	h.commit(t, "migrations/0002_b.tx.up.sql", "SELECT 2")
	h.commit(t, "README.md", "more")
	shallow := t.TempDir()
	h.git(t, "clone", "--quiet", "--depth=1", "file://"+h.dir, shallow)
	const other = "set MINIFB_PREVIOUS to a directory with the source of the release before migrations/0002_b"
	for name, test := range map[string]struct{ dir, advice string }{
		"shallow clone": {shallow, "run `git fetch --unshallow`, or " + other},
		"no repository": {t.TempDir(), "test in a clone, or " + other},
	} {
		commit, err := previous(t.Context(), test.dir, "0002_b.tx.up.sql")
		if err == nil || !strings.Contains(err.Error(), test.advice) {
			t.Errorf("%s: %q, %v", name, commit, err)
		}
	}
}

func TestCopyTreeLeavesOutWhatIsNotSource(t *testing.T) {
	t.Parallel()
	h := history{t.TempDir()}
	for _, file := range []string{"go.mod", "shared/store/a.go", ".git/config", ".data/pid"} {
		h.write(t, file, file)
	}
	to := t.TempDir()
	if err := copyTree(h.dir, to); err != nil {
		t.Fatal(err)
	}
	var copied []string
	for _, pattern := range []string{"*", "shared/store/*"} {
		found, err := filepath.Glob(filepath.Join(to, pattern))
		if err != nil {
			t.Fatal(err)
		}
		copied = append(copied, found...)
	}
	if got := strings.ReplaceAll(strings.Join(copied, " "), to+"/", ""); got != "go.mod shared shared/store/a.go" {
		t.Errorf("copied %s", got)
	}
	err := copyTree(filepath.Join(h.dir, "missing"), to)
	if err == nil || !strings.HasPrefix(err.Error(), "MINIFB_PREVIOUS: ") {
		t.Errorf("a directory that does not exist: %v", err)
	}
}
