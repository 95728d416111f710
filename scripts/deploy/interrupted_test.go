package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"minifb/shared/ops/host"
	"minifb/shared/ops/release"
	"minifb/shared/testkit/programs"
)

// Ctrl-C while the steps run does not end them in the middle.
func TestADeployThatHasBegunIsCompleted(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	begun, resume := filepath.Join(f.root, "begun"), filepath.Join(f.root, "resume")
	script := "#!/bin/sh\n: >" + begun + "\nuntil [ -e " + resume + " ]; do sleep 0.01; done\n" + works(t) + "\n"
	binary := filepath.Join(f.root, "slow")
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out strings.Builder
	done := make(chan error)
	o := options{do: "deploy", function: "post", host: "local", root: f.root, checkout: "../..", binary: binary}
	go func() { done <- o.run(ctx, &out) }()
	programs.Until(t, "the release is started", func() bool {
		_, err := os.Stat(begun)
		return err == nil
	})
	cancel()
	if err := os.WriteFile(resume, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := <-done
	if !regexp.MustCompile(`(?m)^post: \S+ serves$`).MatchString(out.String()) {
		t.Errorf("%v: %s", err, out.String())
	}
}

// A lost connection to the operator does not end the steps in the middle: here they still remove the release whose
// migration fails.
func TestALostConnectionDoesNotEndTheSteps(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{"HUP", "INT", "PIPE"} {
		f := &folder{root: t.TempDir()}
		output, err := f.receive(t, "", map[string]string{
			"bootstrap": "#!/bin/sh\n", "migrate": "#!/bin/sh\nkill -" + signal + " $PPID\nexit 1\n",
		})
		if err == nil || !strings.Contains(output, "the migration failed") {
			t.Errorf("%s: %v: %s", signal, err, output)
		}
		if left := f.files(t); left != "/releases" {
			t.Errorf("%s: the host has %s", signal, left)
		}
	}
}

// While a deploy, a rollback or a retirement of a function runs, another is refused before it changes anything.
func TestTwoDeploysOfAFunctionAreNotMixed(t *testing.T) {
	t.Parallel()
	f := &folder{root: t.TempDir()}
	releases := filepath.Join(f.root, host.Releases, "post")
	if err := os.MkdirAll(filepath.Join(releases, "releases"), 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(releases, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(f.root, "works")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+works(t)+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	before := f.files(t)
	const refusal = "another deploy or rollback of this function is running"
	for _, o := range []options{{do: "deploy", binary: binary}, {do: "rollback"}, {do: "retire"}} {
		if output, ok := f.run(t, o); ok || !strings.Contains(output, refusal) {
			t.Errorf("%s: %s", o.do, output)
		}
	}
	if after := f.files(t); after != before {
		t.Errorf("the host has %s, not %s", after, before)
	}
}

// A release that was changed on its way does not serve, and nothing of it remains.
func TestADamagedReleaseIsRefused(t *testing.T) {
	t.Parallel()
	f := &folder{root: t.TempDir()}
	output, err := f.receive(t, strings.Repeat("0", 64), map[string]string{"bootstrap": "#!/bin/sh\n"})
	if err == nil || !strings.Contains(output, "the SHA-256 of the release is wrong") {
		t.Errorf("%v: %s", err, output)
	}
	if left := f.files(t); left != "/releases" {
		t.Errorf("the host has %s", left)
	}
}

// receive runs the steps of a deploy with MIGRATE, with a release of these files. An empty hash is that of its
// bootstrap.
func (f *folder) receive(t *testing.T, hash string, texts map[string]string) (output string, err error) {
	t.Helper()
	files := map[string]string{}
	for name, text := range texts {
		files[name] = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(files[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if hash == "" {
		if hash, err = release.Sum(files["bootstrap"]); err != nil {
			t.Fatal(err)
		}
	}
	var archive bytes.Buffer
	if err := pack(&archive, files); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = options{host: "local", root: f.root}.send(t.Context(), &out, &archive,
		"VERB=deploy", "AREA=post", "PROBE=/post", "HASH="+hash, "MIGRATE=yes")
	return out.String(), err
}
