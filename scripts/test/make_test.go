package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// makeIn runs make in the repository, and returns its output and whether it succeeds.
func makeIn(t *testing.T, env []string, args ...string) (output string, ok bool) {
	t.Helper()
	cmd := exec.Command("make", append([]string{"--no-print-directory", "-C", top}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	combined, err := cmd.CombinedOutput()
	return string(combined), err == nil
}

// A value of a variable must not run a command, whether make or the shell would expand it.
func TestHostileMakeVariablesAreRefused(t *testing.T) {
	t.Parallel()
	marker := filepath.Join(t.TempDir(), "marker")
	run := "touch " + marker
	for i, value := range []string{
		"$(shell " + run + ")", "${shell " + run + "}", "$$(" + run + ")", "`" + run + "`", `"; ` + run + `; "`,
		"'; " + run + "; '", "x\n" + run, "x\n\t" + run, "x; " + run, "x | " + run, "x & " + run, "x\\", "x y", "x#",
		"$(MAKE)", "$", "-oProxyCommand=" + run, "-v", "x*", "x?", "x>" + marker, "x%", "$(error x)", "한글",
	} {
		for variable, goal := range map[string]string{
			"FUNCTION": "deploy", "HOST": "status", "ROOT": "supervise", "LISTEN": "supervise", "ID": "admin",
			"MIGRATE": "deploy", "REVOKE": "admin", "ARCH": "build", "HOSTS": "deploy", "TO": "rollback",
			"URL": "check",
		} {
			if variable != "HOST" && i > 4 { // all variables are checked alike
				continue
			}
			assignment := variable + "=" + value
			for how, try := range map[string]func() (string, bool){
				"argument":    func() (string, bool) { return makeIn(t, nil, goal, assignment) },
				"environment": func() (string, bool) { return makeIn(t, []string{assignment}, goal) },
			} {
				output, ok := try()
				if ok || !strings.Contains(output, "*** "+variable+" must ") {
					t.Errorf("%s by %s: succeeds: %v, and prints %s", assignment, how, ok, output)
				}
				if _, err := os.Lstat(marker); err == nil {
					t.Fatalf("%s by %s has run a command", assignment, how)
				}
			}
		}
	}
}

func TestPlainMakeVariablesArePassedOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ arguments, want string }{
		{"deploy FUNCTION=post HOST=root@host-1.example", `-host "root@host-1.example" -root "" -function "post"`},
		{
			"deploy FUNCTION=post HOST=local ROOT=/srv/mini_fb MIGRATE=1",
			`-host "local" -root "/srv/mini_fb" -function "post" -migrate`,
		},
		{"rollback FUNCTION=post HOST=a TO=0123456789ab", `-function "post" -do rollback -to "0123456789ab"`},
		{"supervise ROOT=. LISTEN=[::1]:8080", `-root "." -listen "[::1]:8080"`},
		{"admin ID=a.b_c~d@e+f-g REVOKE=1", `-id "a.b_c~d@e+f-g" -revoke`},
	} {
		output, ok := makeIn(t, nil, append([]string{"--dry-run"}, strings.Fields(test.arguments)...)...)
		if !ok || !strings.Contains(output, test.want) {
			t.Errorf("make %s: %s", test.arguments, output)
		}
	}
}

// A second make run is refused before it replaces the programs of the first one.
func TestSecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	output, ok := makeIn(t, []string{"DATA_DIR=" + dir, "DATABASE_URL=postgres://localhost/none"}, "run")
	if ok || !strings.Contains(output, "another process uses "+dir) {
		t.Errorf("make run: %s", output)
	}
	if _, err := os.Stat(filepath.Join(dir, "bin")); err == nil {
		t.Error("programs were built")
	}
}
