package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

func TestReleasesOfAFunctionThatTheHostLacks(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if output, ok := f.run(t, options{do: "releases"}); ok || !strings.Contains(output, "no releases of it") {
		t.Errorf("the releases of a function that was never deployed: %s", output)
	}
}

func TestRollbacksNeverReturnToABadRelease(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := f.deployAll(t, 3)
	f.expect(t, "after three deploys", map[string]string{r[0]: "older", r[1]: "previous", r[2]: "live"})
	for i, want := range []map[string]string{
		{r[0]: "previous", r[1]: "live", r[2]: "bad"},
		{r[0]: "live", r[2]: "bad"}, // of the bad ones, the newest is kept
	} {
		if output, ok := f.run(t, options{do: "rollback"}); !ok {
			t.Fatalf("rollback %d: %s", i+1, output)
		}
		f.expect(t, fmt.Sprint("after rollback ", i+1), want)
	}
	if output, ok := f.run(t, options{do: "rollback"}); ok || !strings.Contains(output, "no good release before") {
		t.Errorf("a third rollback: %s", output)
	}
	next := f.deployAll(t, 1)[0]
	f.expect(t, "after another deploy", map[string]string{r[0]: "previous", r[2]: "bad", next: "live"})
	if output, ok := f.run(t, options{do: "rollback", to: r[2]}); !ok {
		t.Fatalf("a rollback to a bad release that is named: %s", output)
	}
	f.expect(t, "after a rollback by hash", map[string]string{r[0]: "previous", r[2]: "live", next: "bad"})
	if output, ok := f.run(t, options{do: "rollback", to: r[2]}); ok || !strings.Contains(output, "serves already") {
		t.Errorf("a rollback to the live release: %s", output)
	}
	output, ok := f.run(t, options{do: "rollback", to: "0123456789ab"})
	if ok || !strings.Contains(output, "no release") {
		t.Errorf("a rollback to a release that does not exist: %s", output)
	}
}

func TestARollbackSkipsAReleaseThatFailsItsCheck(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	switched := filepath.Join(f.root, "switched")
	r := f.deployAll(t, 1)
	broken, ok := f.deploy(t, "[ ! -e "+switched+" ] || exit 3\n"+works(t))
	if !ok {
		t.Fatal("refused")
	}
	r = append(r, broken, f.deployAll(t, 1)[0])
	if err := os.WriteFile(switched, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, ok := f.run(t, options{do: "rollback"}); ok || !strings.Contains(output, "NOT DEPLOYED") {
		t.Fatalf("a rollback to a release that does not start: %s", output)
	}
	f.expect(t, "after it", map[string]string{r[0]: "previous", r[1]: "bad", r[2]: "live"})
	if output, ok := f.run(t, options{do: "rollback"}); !ok {
		t.Fatalf("the second rollback: %s", output)
	}
	f.expect(t, "after the second rollback", map[string]string{r[0]: "live", r[2]: "bad"})
}

// While the database is away, no release is ready, so that a failed check says nothing about a release.
func TestARollbackWithoutTheDatabaseMarksNothing(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	database := filepath.Join(f.root, "database-away")
	var hashes []string
	for range 3 {
		hash, ok := f.deploy(t, "export "+away+"="+database+"\n"+works(t))
		if !ok {
			t.Fatal("a working release is refused")
		}
		hashes = append(hashes, hash)
	}
	if err := os.WriteFile(database, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	output, ok := f.run(t, options{do: "rollback"})
	if ok || !strings.Contains(output, "the live release is not ready either") {
		t.Errorf("a rollback without the database: %s", output)
	}
	if err := os.Remove(database); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "after it", map[string]string{hashes[0]: "older", hashes[1]: "previous", hashes[2]: "live"})
}

// Releases are listed by their names, which begin with the time.
func TestReleasesHaveTheOrderOfTheirDeploys(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.deployAll(t, 1)
	future := filepath.Join(f.root, host.Releases, "post", "releases", "29990101T000000.000-0123456789ab")
	if err := os.Mkdir(future, 0o700); err != nil {
		t.Fatal(err)
	}
	before := f.files(t)
	f.builds++
	binary := filepath.Join(f.root, "late")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+works(t)+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	output, ok := f.run(t, options{binary: binary})
	if ok || !strings.Contains(output, "the clock of this host") || !strings.Contains(output, filepath.Base(future)) {
		t.Errorf("a deploy before the newest release: %s", output)
	}
	if after := f.files(t); after != before {
		t.Errorf("after it, the host has\n%s\nand not\n%s", after, before)
	}
}

// An earlier version marked no release: the link previous named the one to go back to.
func TestAHostFromBeforeTheMarks(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := f.deployAll(t, 2)
	if output, ok := f.run(t, options{do: "rollback"}); !ok {
		t.Fatal(output)
	}
	post := filepath.Join(f.root, host.Releases, "post")
	marks, err := filepath.Glob(filepath.Join(post, "releases", "*", "bad"))
	if err != nil || len(marks) != 1 {
		t.Fatalf("%q, %v", marks, err)
	}
	previous := filepath.Join(post, "previous")
	target, _ := filepath.Rel(post, filepath.Dir(marks[0]))
	if err := errors.Join(os.Remove(marks[0]), os.Symlink(target, previous)); err != nil {
		t.Fatal(err)
	}
	r = append(r, f.deployAll(t, 1)...)
	f.expect(t, "after the first deploy", map[string]string{r[0]: "previous", r[1]: "bad", r[2]: "live"})
	if _, err := os.Lstat(previous); !os.IsNotExist(err) {
		t.Errorf("the link remains: %v", err)
	}
}

// files returns the names of all files of post, without the lock.
func (f *folder) files(t *testing.T) string {
	t.Helper()
	var names []string
	top := filepath.Join(f.root, host.Releases, "post")
	err := filepath.WalkDir(top, func(path string, _ os.DirEntry, err error) error {
		if name := strings.TrimPrefix(path, top); name != "" && name != "/lock" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

func TestNothingOfARefusedReleaseRemains(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.deployAll(t, 2)
	before := f.files(t)
	for name, script := range map[string]string{
		"exits at once":            "exit 3",
		"returns 500":              serves(t, 500),
		"exits at the live socket": `[ -z "$LISTEN_FDS" ] || exit 3` + "\n" + works(t),
		"exits when it takes over": `[ -z "$LISTEN_FDS" ] || mkdir "` + f.root + `/taken" || exit 3` + "\n" + works(t),
	} {
		if _, ok := f.deploy(t, script); ok {
			t.Fatalf("a release that %s was deployed", name)
		}
		if after := f.files(t); after != before {
			t.Errorf("after a release that %s, the host has\n%s\nand not\n%s", name, after, before)
		}
	}
	// The release does not arrive completely.
	var out strings.Builder
	o := options{host: "local", root: f.root}
	err := o.send(t.Context(), &out, strings.NewReader("no tar"),
		"VERB=deploy", "AREA=post", "PROBE=/post", "HASH=0123456789abcdef", "MIGRATE=")
	if err == nil || !strings.Contains(out.String(), "did not arrive") {
		t.Errorf("%v: %s", err, out.String())
	}
	if after := f.files(t); after != before {
		t.Errorf("after a release that has not arrived, the host has\n%s\nand not\n%s", after, before)
	}
}

func TestFiveGoodReleasesAreKept(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	r := f.deployAll(t, 6)
	if output, ok := f.run(t, options{do: "rollback"}); !ok {
		t.Fatal(output)
	}
	f.expect(t, "after six deploys and a rollback",
		map[string]string{r[1]: "older", r[2]: "older", r[3]: "previous", r[4]: "live", r[5]: "bad"})
	r = append(r, f.deployAll(t, 2)...)
	f.expect(t, "after two more deploys", map[string]string{
		r[2]: "older", r[3]: "older", r[4]: "older", r[5]: "bad", r[6]: "previous", r[7]: "live",
	})
}

func TestRetire(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if output, ok := f.run(t, options{do: "retire"}); ok || !strings.Contains(output, "no releases") {
		t.Errorf("a function that was never deployed: %s", output)
	}
	f.deployAll(t, 1)
	if output, ok := f.run(t, options{do: "retire"}); !ok {
		t.Fatal(output)
	}
	if _, err := os.Stat(filepath.Join(f.root, host.Releases, "post")); !os.IsNotExist(err) {
		t.Errorf("its releases remain: %v", err)
	}
	if output, _ := f.run(t, options{do: "status"}); strings.Contains(output, "post") {
		t.Errorf("it is still shown: %s", output)
	}
	f.deployAll(t, 1)
	output, _ := f.run(t, options{do: "status"})
	if !regexp.MustCompile(`(?m)^post .* active .* yes$`).MatchString(output) {
		t.Errorf("a deploy does not bring it back: %s", output)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	draining := filepath.Join(f.root, host.Settings, "draining")
	if output, ok := f.run(t, options{do: "drain"}); ok || !strings.Contains(output, "no health address") {
		t.Errorf("a host without a health address: %s", output)
	}
	health := render.Nginx{Listen: programs.FreeAddress(t), Health: programs.FreeAddress(t)}
	nginx, err := host.StartNginx(f.root, f.template, health)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	if output, ok := f.run(t, options{do: "drain"}); !ok {
		t.Fatal(output)
	}
	if _, err := os.Stat(draining); err != nil {
		t.Error(err)
	}
	if output, _ := f.run(t, options{do: "status"}); !strings.Contains(output, "This host is drained") {
		t.Errorf("make status does not say it: %s", output)
	}
	if output, ok := f.run(t, options{do: "undrain"}); !ok {
		t.Fatal(output)
	}
	if _, err := os.Stat(draining); !os.IsNotExist(err) {
		t.Errorf("after undrain: %v", err)
	}
}
