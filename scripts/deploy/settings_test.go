package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/release"
)

// The steps run as root on a host. They must not run what a setting there holds, and the program
// that migrates gets the file as it is.
func TestHostileSettingsAreNotRunByTheSteps(t *testing.T) {
	t.Parallel()
	root, dir := t.TempDir(), t.TempDir()
	settings := "DATABASE_URL=\"postgres://u:$(touch " + dir + "/a)@h/d\"\nA=`touch " + dir + "/b`\n" +
		"touch " + dir + "/c\nB=x; touch " + dir + "/d\nC='\ntouch " + dir + "/e\n"
	file := filepath.Join(root, "etc", "minifb.env")
	seen := filepath.Join(root, "seen")
	bootstrap, program := filepath.Join(root, "bootstrap"), filepath.Join(root, "program")
	script := "#!/bin/sh\necho \"$#\" \"$1\" \"${DATABASE_URL-unset}\" >" + seen + "\nexit 1\n"
	for _, err := range []error{
		os.Mkdir(filepath.Dir(file), 0o700), os.Mkdir(filepath.Join(root, "run"), 0o700),
		os.WriteFile(file, []byte(settings), 0o600), os.WriteFile(bootstrap, []byte("#!/bin/sh\n"), 0o600),
		os.WriteFile(program, []byte(script), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sum, err := release.Sum(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := pack(&archive, map[string]string{"bootstrap": bootstrap, "migrate": program}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", steps)
	cmd.Stdin = &archive
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "ROOT=" + root, "VERB=deploy", "AREA=post", "PROBE=/post",
		"HASH=" + sum, "MIGRATE=yes",
	}
	output, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "the migration failed") {
		t.Errorf("the steps end with %v, and print %s", err, output)
	}
	if got, err := os.ReadFile(seen); err != nil || string(got) != "1 "+file+" unset\n" {
		t.Errorf("the program that migrates has seen %q, %v", got, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a command of a setting was run: %v, %v", left, err)
	}
}
