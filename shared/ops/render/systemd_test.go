package render_test

import (
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

// systemd-analyze reads units as systemd does; it needs no systemd that runs.
func analyze(t *testing.T, arguments ...string) string {
	t.Helper()
	said, err := exec.Command("systemd-analyze", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %s (scripts/install systemd brings it): %v\n%s", strings.Join(arguments, " "), err, said)
	}
	return string(said)
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
	// The check wants programs that are there.
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
		if strings.HasSuffix(name, ".service") {
			services = append(services, path)
		}
	}
	if said := analyze(t, arguments...); said != "" {
		t.Errorf("systemd-analyze verify: %s", said)
	}
	exposure := regexp.MustCompile(`Overall exposure level for (\S+): ([0-9.]+)`)
	found := exposure.FindAllStringSubmatch(analyze(t, append([]string{"security", "--offline=true", "--no-pager"}, services...)...), -1)
	if len(found) != len(services) {
		t.Fatalf("%d services were rated of %d", len(found), len(services))
	}
	for _, m := range found {
		if level, err := strconv.ParseFloat(m[2], 64); err != nil || level > 1.5 {
			t.Errorf("%s has an exposure of %s; 1.5 is the most", m[1], m[2])
		}
	}
	for name, wants := range map[string][]string{
		"minifb-auth.service": {
			"LoadCredential=TOKEN_PRIVATE_KEY:/etc/minifb/private.jwk\n", "ExecStart=/opt/minifb/auth/current/bootstrap\n",
			"MemoryMax=512M\n", "CPUQuota=200%\n", "Restart=always\n", "Type=notify\n",
		},
		"minifb-post.service":          {"MemoryMax=256M\n", "CPUQuota=100%\n", `Environment="ERROR_HINT=full"` + "\n"},
		"minifb-post-next.service":     {"ExecStart=/opt/minifb/post/next/bootstrap\n", "Sockets=minifb-post.socket\n"},
		"minifb-post-check.service":    {"ExecStart=/opt/minifb/post/next/bootstrap\n", "LISTEN=unix:%t/minifb-post-check/http.sock\n"},
		"minifb-post.socket":           {"ListenStream=/run/minifb/post.sock\n"},
		"minifb-nightly.service":       {`Environment="ODD=a \"b\" %%c"` + "\n", `100%% "odd" \\ words` + "\n"},
		"minifb-nightly-often.timer":   {"OnUnitActiveSec=5min\n"},
		"minifb-nightly-night.timer":   {"OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 3:30:00 UTC\n"},
		"minifb-nightly-night.service": {"--unix-socket /run/minifb/nightly.sock --request POST http://localhost/schedule/night\n"},
		"minifb-nightly-odd.timer":     {"OnCalendar=2026..2030-1,7-1,15 8..17:0/10:00 UTC\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(units[name], want) {
				t.Errorf("%s lacks %q:\n%s", name, want, units[name])
			}
		}
	}
	if name := "minifb-post.service"; strings.Contains(units[name], "private.jwk") {
		t.Errorf("%s gets the private key", name)
	}
	if strings.Contains(units["minifb-post-check.service"], "Sockets=") || strings.Contains(units["minifb-post-check.service"], "Requires=") {
		t.Error("a release under test gets the live socket")
	}
}

func TestSchedulesThatSystemdCannotKeep(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{
		"rate(0 minutes)", "rate(5 weeks)", "cron(0 3 L * ? *)", "cron(0 3 ? * 6#3 *)", "cron(0 3 ? * 8 *)", "cron(0 3 * *)", "cron(x 3 * * ? *)",
	} {
		template := &sam.Template{Functions: []sam.Function{{Name: "A", Area: "a", Schedules: []sam.Schedule{{Name: "S", Expression: expression}}}}}
		if _, err := render.Units(template); err == nil || !strings.Contains(err.Error(), "the schedule S of A") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	route := func(s ...string) sam.Function {
		var f sam.Function
		for _, line := range s {
			method, path, _ := strings.Cut(line, " ")
			f.Routes = append(f.Routes, sam.Route{Method: method, Path: path})
		}
		return f
	}
	for want, f := range map[string]sam.Function{
		"/post":       route("POST /a", "GET /post/{id}", "GET /post"),
		"/comment/0":  route("GET /comment/{id}", "GET /other/{id}"),
		"/readyz":     route("POST /a"),
		"/a/0/b/0/cc": route("GET /a/{x}/b/{y}/cc"),
	} {
		if got := render.Probe(f); got != want {
			t.Errorf("%v is probed by %s, want %s", f.Routes, got, want)
		}
	}
}
