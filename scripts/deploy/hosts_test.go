package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fakeSSH stands for ssh. It lists the host and the assignments of the steps that it is to run, and
// fails for those that FAIL matches.
const fakeSSH = `#!/bin/sh
cat >/dev/null
for last; do :; done
case $last in
"uname -m") uname -m && exit ;;
esac
assignments=$(printf '%s\n' "$last" | sed "s/'\\\\''/'/g")
echo "$3 $(echo "$assignments" | grep -oE "\b(VERB|AREA|MIGRATE)='[a-z]*'" | tr '\n' ' ')" >>"$LOG"
tail -n 1 "$LOG" | grep -qE "$FAIL" || exit 0
echo "NOT DEPLOYED: planted"
exit 1
`

// onHosts runs the command with a stand-in for ssh, and returns what it prints, and what the hosts
// were told.
func onHosts(t *testing.T, fail string, o options) (output, told string, err error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(fakeSSH), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH", filepath.Join(dir, "ssh"))
	t.Setenv("LOG", filepath.Join(dir, "log"))
	t.Setenv("FAIL", fail)
	var out strings.Builder
	o.checkout = "../.."
	err = o.run(t.Context(), &out)
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	told = strings.NewReplacer("VERB=", "", "AREA=", "", "MIGRATE=", "", "'", "").Replace(string(log))
	return out.String(), told, err
}

// All functions are deployed one after the other, host by host; the first one migrates.
//
//nolint:paralleltest // the stand-in for ssh is named by the environment
func TestDeployAllFunctionsToSeveralHosts(t *testing.T) {
	_, told, err := onHosts(t, "^nothing", options{do: "rollback", function: "all", host: "a root@b"})
	want := regexp.MustCompile(`^(a rollback \w+ \n){10}(root@b rollback \w+ \n){10}$`)
	if err != nil || !want.MatchString(told) {
		t.Errorf("%v, the hosts were told\n%s", err, told)
	}
	for _, area := range []string{"account", "maintenance"} {
		if strings.Count(told, " "+area+" ") != 2 {
			t.Errorf("%s is not rolled back on both hosts:\n%s", area, told)
		}
	}
}

//nolint:paralleltest // the stand-in for ssh is named by the environment
func TestTheFirstFailureStopsAll(t *testing.T) {
	output, told, err := onHosts(t, "^a .*rollback.*post", options{do: "rollback", function: "all", host: "a b"})
	want := regexp.MustCompile(`^(a rollback \w+ \n)+a rollback post \na status  \n$`)
	if err == nil || !want.MatchString(told) {
		t.Errorf("%v, the hosts were told\n%s", err, told)
	}
	for _, want := range []string{
		"STOPPED at post. timeline comment", "not touched. Live on this host:", "STOPPED at a; not touched: b",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("%q is not printed:\n%s", want, output)
		}
	}
	_, told, err = onHosts(t, "^a", options{do: "drain", host: "a b"})
	if err == nil || told != "a drain  \n" {
		t.Errorf("drain: %v, the hosts were told\n%s", err, told)
	}
}

// What only shows something goes on to the next host, and fails at the end.
//
//nolint:paralleltest // the stand-in for ssh is named by the environment
func TestStatusGoesOnAfterAFailure(t *testing.T) {
	for told, o := range map[string]options{
		"a status  \nb status  \n":             {do: "status", host: "a b"},
		"a releases post \nb releases post \n": {do: "releases", host: "a b", function: "post"},
		"a releases  \nb releases  \n":         {do: "releases", host: "a b", function: "all"},
	} {
		_, got, err := onHosts(t, "^a", o)
		if err == nil || got != told {
			t.Errorf("%s: %v, the hosts were told\n%s\nwant\n%s", o.do, err, got, told)
		}
	}
}

// One database needs one migration.
//
//nolint:paralleltest // the stand-in for ssh is named by the environment
func TestOnlyTheFirstDeployMigrates(t *testing.T) {
	_, told, err := onHosts(t, "^nothing", options{do: "deploy", function: "timeline", host: "a b", migrate: true})
	if want := "a deploy timeline yes \nb deploy timeline  \n"; err != nil || told != want {
		t.Errorf("%v, the hosts were told\n%s\nwant\n%s", err, told, want)
	}
}

//nolint:paralleltest // the stand-in for ssh is named by the environment
func TestWrongOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]options{
		"must be deploy, rollback":      {do: "dance", host: "a"},
		"ROOT is only for HOST=local":   {do: "status", host: "a", root: "/tmp"},
		"HOST=local stands alone":       {do: "status", host: "a local"},
		"HOST=local needs ROOT":         {do: "status", host: "local"},
		"set HOST=":                     {do: "status"},
		"TO is only for the rollback":   {do: "deploy", host: "a", function: "post", to: "0123456789ab"},
		"of one function":               {do: "rollback", host: "a", function: "all", to: "0123456789ab"},
		"TO must be a release":          {do: "rollback", host: "a", function: "post", to: "../../etc"},
		"the one function that is":      {do: "retire", host: "a", function: "all"},
		"-binary is for one function":   {do: "deploy", host: "a", function: "all", binary: "x"},
		`has no function "nothing"`:     {do: "deploy", host: "a", function: "nothing"},
		"FUNCTION must be a folder of ": {do: "releases", host: "a", function: "../x"},
		"HOSTS must be such hosts with": {do: "status", host: "a  b"},
	} {
		_, told, err := onHosts(t, "^nothing", o)
		if err == nil || !strings.Contains(err.Error(), want) || told != "" {
			t.Errorf("%+v: %v, the host was told %q", o, err, told)
		}
	}
}
