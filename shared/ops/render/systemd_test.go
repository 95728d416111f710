package render_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

const scheduled = `
  Nightly:
    Type: AWS::Serverless::Function
    Properties:
      Description: 100% "odd" \ words
      Environment: {Variables: {ODD: "a \"b\" %c"}}
      Events:
        Often: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
        Night: {Type: ScheduleV2, Properties: {ScheduleExpression: "cron(30 3 ? * MON-FRI *)"}}
        Odd: {Type: Schedule, Properties: {Schedule: "cron(*/10 8-17 1,15 JAN,7 ? 2026-2030)"}}
`

// analyze runs systemd-analyze, which reads units as systemd does. It needs no running systemd.
func analyze(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := exec.Command("systemd-analyze", arguments...).CombinedOutput()
	if err != nil {
		command := "systemd-analyze " + strings.Join(arguments, " ")
		t.Fatalf("%s (scripts/install systemd installs it): %v\n%s", command, err, output)
	}
	return string(output)
}

func TestUnits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	real := parse(t, string(content))
	made := parse(t, "Resources:"+scheduled)
	real.Functions = append(real.Functions, made.Functions...)
	units, err := render.Units(real)
	if err != nil {
		t.Fatal(err)
	}
	backups, err := render.BackupUnits()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(units, backups)
	// systemd-analyze checks that the programs exist.
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	start := regexp.MustCompile(`(?m)^ExecStart=\S+`)
	arguments := []string{"verify", "--man=no", "--generators=no"}
	var services []string
	for name, text := range units {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(start.ReplaceAllString(text, "ExecStart="+program)), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, path)
		if strings.HasSuffix(name, ".service") && name != "minifb-failed@.service" { // that one is the operator's
			services = append(services, path)
		}
	}
	if output := analyze(t, arguments...); output != "" {
		t.Errorf("systemd-analyze verify: %s", output)
	}
	exposure := regexp.MustCompile(`Overall exposure level for (\S+): ([0-9.]+)`)
	arguments = append([]string{"security", "--offline=true", "--no-pager"}, services...)
	found := exposure.FindAllStringSubmatch(analyze(t, arguments...), -1)
	if len(found) != len(services) {
		t.Fatalf("systemd-analyze rated %d of %d services", len(found), len(services))
	}
	for _, m := range found {
		if level, err := strconv.ParseFloat(m[2], 64); err != nil || level > 1.5 {
			t.Errorf("%s has the exposure %s, want at most 1.5", m[1], m[2])
		}
	}
	for name, wants := range map[string][]string{
		"minifb-auth.service": {
			"LoadCredential=TOKEN_PRIVATE_KEY:/etc/minifb/private.jwk\n",
			"ExecStart=/opt/minifb/auth/current/bootstrap\n",
			"MemoryMax=512M\n", "Environment=GOMEMLIMIT=409MiB\n", "CPUQuota=200%\n", "Restart=always\n",
			"Type=notify\n",
		},
		"minifb-post.service":      {"MemoryMax=256M\n", "CPUQuota=100%\n", `Environment="ERROR_HINT=full"` + "\n"},
		"minifb-post-next.service": {"ExecStart=/opt/minifb/post/next/bootstrap\n", "Sockets=minifb-post.socket\n"},
		"minifb-post-check.service": {
			"ExecStart=/opt/minifb/post/next/bootstrap\n", "Environment=REHEARSE=on\n",
			"LISTEN=unix:%t/minifb-post-check/http.sock\n",
		},
		"minifb-post.socket":                   {"ListenStream=/run/minifb/post.sock\n"},
		"minifb-nightly.service":               {`Environment="ODD=a \"b\" %%c"` + "\n", `100%% "odd" \\ words` + "\n"},
		"minifb-nightly-often.timer":           {"OnUnitActiveSec=300s\n"},
		"minifb-maintenance-maintenance.timer": {"OnActiveSec=10s\n", "OnUnitActiveSec=10s\n"},
		"minifb-nightly-night.timer":           {"OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 3:30:00 UTC\n"},
		"minifb-nightly-night.service": {
			"--unix-socket /run/minifb/nightly.sock --request POST http://localhost/schedule/night\n",
		},
		"minifb-nightly-odd.timer": {"OnCalendar=2026..2030-1,7-1,15 8..17:0/10:00 UTC\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(units[name], want) {
				t.Errorf("%s lacks %q:\n%s", name, want, units[name])
			}
		}
	}
	check := units["minifb-post-check.service"]
	if strings.Contains(check, "Sockets=") || strings.Contains(check, "Requires=") {
		t.Error("the release that a deploy checks has the function's socket")
	}
}

func TestOnlyAuthReadsPrivateKeys(t *testing.T) {
	t.Parallel()
	template, err := sam.Load("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	units, err := render.Units(template)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range units {
		signs := strings.HasPrefix(name, "minifb-auth") && strings.HasSuffix(name, ".service")
		if has := strings.Contains(text, "private.jwk"); has != signs {
			t.Errorf("%s has the private keys: %v, want %v", name, has, signs)
		}
		// A credential is only for the service's own user, who is not root.
		if signs && (!strings.Contains(text, "\nLoadCredential=TOKEN_PRIVATE_KEY:/etc/minifb/private.jwk\n") ||
			!strings.Contains(text, "\nEnvironment=TOKEN_PRIVATE_KEY=%d/TOKEN_PRIVATE_KEY\n") ||
			!strings.Contains(text, "\nDynamicUser=yes\n")) {
			t.Errorf("%s gets the private keys in another way:\n%s", name, text)
		}
	}
	for _, f := range template.Functions {
		for _, v := range f.Env {
			if v.Name == "TOKEN_PRIVATE_KEY" && f.Area != "auth" {
				t.Errorf("the function %s gets TOKEN_PRIVATE_KEY", f.Name)
			}
		}
	}
}

func TestUnitsRefusesSchedules(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"rate(0 minutes)", "rate(5 weeks)", "cron(0 3 L * ? *)", "cron(0 3 ? * 6#3 *)", "cron(0 3 ? * 8 *)",
		"cron(0 3 * *)", "cron(x 3 * * ? *)",
	} {
		schedules := []sam.Schedule{{Name: "S", Expression: expression}}
		template := &sam.Template{Functions: []sam.Function{{Name: "A", Area: "a", Schedules: schedules}}}
		if _, err := render.Units(template); err == nil || !strings.Contains(err.Error(), "the schedule S of A") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}
