package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeSSH runs the command that ssh would run on a host, in the folder of that name.
const fakeSSH = `#!/bin/sh
for last; do :; done
printf '%s\n' "$last" | sed "s#/etc/minifb#$HOSTS/$3#g; s#sudo -n##; s#systemctl#echo $3: systemctl#" >"$HOSTS/command"
echo "$3: $(ls "$HOSTS/$3")" >>"$HOSTS/log"
exec sh "$HOSTS/command"
`

func TestSendKeys(t *testing.T) {
	t.Parallel()
	hosts, bin, dir := t.TempDir(), t.TempDir(), t.TempDir()
	if err := run([]string{"create", dir}, time.Now(), &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"ssh": fakeSSH, "sleep": "#!/bin/sh\necho sleep $1 >>\"$HOSTS/log\"\n"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	send := func(targets ...string) (string, error) {
		command := exec.CommandContext(t.Context(), "../send-keys", targets...)
		command.Env = append(os.Environ(), "HOSTS="+hosts, "KEYS="+dir, "PATH="+bin+":"+os.Getenv("PATH"))
		output, err := command.CombinedOutput()
		return string(output), err
	}
	for _, bad := range []string{"-oProxyCommand=x", "a b", "a;b", "$(x)", "@a", "a@b@c", ""} {
		if output, err := send("a", bad); err == nil || !strings.Contains(output, "is not a host") {
			t.Errorf("%q: %v, %s", bad, err, output)
		}
	}
	if output, err := send("missing"); err == nil {
		t.Errorf("a host that was not prepared: %s", output)
	}
	for _, host := range []string{"a", "root@b"} {
		if err := os.Mkdir(filepath.Join(hosts, host), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(hosts, "log")); err != nil {
		t.Fatal(err)
	}
	output, err := send("a", "root@b")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, host := range []string{"a", "root@b"} {
		if !strings.Contains(output, host+": systemctl try-restart minifb-auth.service\n") {
			t.Errorf("auth of %s is not restarted: %s", host, output)
		}
		for name, mode := range map[string]os.FileMode{"private.jwk": 0o600, "public.jwks": 0o644} {
			want, err1 := os.ReadFile(filepath.Join(dir, name))
			got, err2 := os.ReadFile(filepath.Join(hosts, host, name))
			info, err3 := os.Stat(filepath.Join(hosts, host, name))
			if err1 != nil || err2 != nil || err3 != nil || string(got) != string(want) || info.Mode() != mode {
				t.Errorf("%s of %s: %v, %v, %v, %v", name, host, err1, err2, err3, info)
			}
		}
	}
	if strings.Contains(output, `"d"`) {
		t.Error("a private key is printed")
	}
	// No host gets the private keys before every host has the public ones.
	log, err := os.ReadFile(filepath.Join(hosts, "log"))
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(log), "sleep 15\n")
	const publicOnly = "a: public.jwks\nroot@b: public.jwks\n"
	if !ok || strings.Contains(before, "private") || !strings.HasPrefix(after, publicOnly) {
		t.Errorf("the steps were:\n%s", log)
	}
}
