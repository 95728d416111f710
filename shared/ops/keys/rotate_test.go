package keys_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/ops/keys"
	"minifb/shared/token"
)

var start = time.Unix(1_800_000_000, 0)

func newDir(t *testing.T) (dir, kid string) {
	t.Helper()
	dir = t.TempDir()
	if _, err := keys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	return dir, list(t, dir, start)[0].ID
}

func list(t *testing.T, dir string, now time.Time) []token.RingKey {
	t.Helper()
	all, err := keys.List(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAKeyIsRetiredWhenItsTokensHaveExpired(t *testing.T) {
	t.Parallel()
	dir, first := newDir(t)
	second, err := keys.Rotate(dir, start, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	takesOver := start.Add(time.Minute)
	for _, c := range []struct {
		kid   string
		at    time.Time
		force bool
		want  string // a part of the error; empty: the key is removed
	}{
		{"unknown", start, true, `there is no key "unknown"`},
		{first, start, false, "this key signs now"},
		{first, takesOver, false, "may be valid until"},
		{first, takesOver.Add(token.Lifetime), false, "may be valid until"},
		{first, takesOver.Add(keys.Overlap - 1), false, "may be valid until"},
		{second, takesOver.Add(keys.Overlap), false, "this key signs now"},
		{first, takesOver.Add(keys.Overlap), false, ""},
		{second, takesOver.Add(keys.Overlap), true, "the only key"},
	} {
		before := len(list(t, dir, c.at))
		err := keys.Retire(dir, c.at, c.kid, c.force)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %v: %v, want %q", c.kid, c.at, err, c.want)
		}
		if after := len(list(t, dir, c.at)); (after < before) != (err == nil) {
			t.Errorf("%s at %v: there were %d keys, and are %d", c.kid, c.at, before, after)
		}
	}
	public, err := os.ReadFile(keys.Public(dir))
	if err != nil || strings.Contains(string(public), first) || !strings.Contains(string(public), second) {
		t.Errorf("the public keys are %s, %v", public, err)
	}
}

// A stolen key is removed at once; a key that has not signed yet takes over.
func TestAStolenKeyIsRemoved(t *testing.T) {
	t.Parallel()
	dir, stolen := newDir(t)
	next, err := keys.Rotate(dir, start, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Retire(dir, start, stolen, true); err != nil {
		t.Fatal(err)
	}
	all := list(t, dir, start)
	if len(all) != 1 || all[0].ID != next || !all[0].Signs || all[0].SignsFrom.After(start) {
		t.Errorf("the keys are %+v", all)
	}
}

// A key that was added by mistake has signed nothing, and can go.
func TestAKeyThatHasNotSignedCanBeRetired(t *testing.T) {
	t.Parallel()
	dir, _ := newDir(t)
	mistake, err := keys.Rotate(dir, start, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Retire(dir, start, mistake, false); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheOwnerCanReadPrivateKeys(t *testing.T) {
	t.Parallel()
	dir, _ := newDir(t)
	// Too open a mode of the private file is not inherited; that of the public file is.
	if err := os.Chmod(keys.Private(dir), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(keys.Public(dir), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Rotate(dir, start, 0); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{keys.Private(dir): 0o600, keys.Public(dir): 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want the mode %v", path, info, err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("the directory holds %v, %v, want two files", entries, err)
	}
	public, err := os.ReadFile(keys.Public(dir))
	if err != nil || strings.Contains(string(public), `"d":`) {
		t.Errorf("the public file has a private key, or %v", err)
	}
}

// A key is published before it can sign, and stops signing before it is withdrawn: a change that ends in the middle
// leaves no key that signs and that no function knows.
func TestAnInterruptedChangeLeavesNoUnknownKeyThatSigns(t *testing.T) {
	t.Parallel()
	dir, first := newDir(t)
	if _, err := keys.Rotate(dir, start, 0); err != nil {
		t.Fatal(err)
	}
	rotate := func() error { _, err := keys.Rotate(dir, start, 0); return err }
	retire := func() error { return keys.Retire(dir, start, first, true) }
	for _, c := range []struct {
		change       func() error
		fails, first string // the file that cannot be written, and the one that was
	}{
		{rotate, keys.Private(dir), keys.Public(dir)}, {retire, keys.Public(dir), keys.Private(dir)},
	} {
		failsBefore, firstBefore := read(t, c.fails), read(t, c.first)
		obstacle := c.fails + ".unfinished"
		if err := os.MkdirAll(obstacle+"/full", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := c.change(); err == nil {
			t.Fatal("a file that cannot be written was written")
		}
		if err := os.RemoveAll(obstacle); err != nil {
			t.Fatal(err)
		}
		if read(t, c.fails) != failsBefore || read(t, c.first) == firstBefore {
			t.Errorf("where %s cannot be written, %s was not written before", c.fails, c.first)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	t.Parallel()
	dir, _ := newDir(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, err := keys.Rotate(dir, start, time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(list(t, dir, start)); n != 11 {
		t.Errorf("there are %d keys, want 11", n)
	}
}

func TestBrokenKeysAreNotReplaced(t *testing.T) {
	t.Parallel()
	dir, kid := newDir(t)
	if err := os.WriteFile(keys.Public(dir), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Rotate(dir, start, 0); err == nil {
		t.Error("broken public keys were replaced")
	}
	if err := keys.Retire(dir, start, kid, true); err == nil {
		t.Error("broken public keys were replaced")
	}
	if _, err := keys.Rotate(t.TempDir(), start, 0); err == nil || !strings.Contains(err.Error(), "read the keys") {
		t.Errorf("without keys: %v", err)
	}
	if _, err := keys.List(t.TempDir()+"/none", start); err == nil {
		t.Error("keys were found where no directory is")
	}
}
