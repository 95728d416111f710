package envfile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minifb/shared/ops/envfile"
)

// The expected values are those of systemd 252 and later (systemd.exec, EnvironmentFile=).
func TestParseReadsAsSystemdDoes(t *testing.T) {
	t.Parallel()
	for content, want := range map[string][]string{
		"":                                   nil,
		"A=1":                                {"A=1"},
		"A=1\nB=2\r\n\nC=3\n":                {"A=1", "B=2", "C=3"},
		" A = 1 2 \n":                        {"A=1 2"},
		"# A=1\n; B=2\nC=3#4\n":              {"C=3#4"},
		"#A='a\n;A='b\nB=2\n;C=\"\n":         {"B=2"},
		"A=\nB=''\nC=\"\"\n":                 {"A=", "B=", "C="},
		"nothing\nA=1\n1A=2\nA-B=3\n=4\n":    {"A=1"},
		"A=a=b&c?d\n":                        {"A=a=b&c?d"},
		"A='a \"b\" $c `d` \\e'\n":           {"A=a \"b\" $c `d` \\e"},
		"A=\"a 'b' \\$c \\`d\\` \\\\ \\\"\"": {"A=a 'b' $c `d` \\ \""},
		"A=\"$b `c` \\d\"\n":                 {"A=$b `c` \\d"},
		"A=$b `c` $(d)\n":                    {"A=$b `c` $(d)"},
		"A=a\\ \\$b\\\\\n":                   {"A=a $b\\"},
		"A=a\\\nb\nC=d\n":                    {"A=ab", "C=d"},
		"A=\"a\nb\"\nC='d\ne'\n":             {"A=a\nb", "C=d\ne"},
		"A=\"a\"'b' \"c\"\n":                 {"A=abc"},
		"A=a\"b\"\n":                         {"A=a\"b\""},
		"A=\"open\nB=2":                      {"A=open\nB=2"},
		"export A=1\n":                       nil,
		"A=한글\n":                             {"A=한글"},
		"A=a\\":                              {"A=a"},
	} {
		if got := envfile.Parse(content); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", content, got, want)
		}
	}
}

var hostile = []string{
	"", "plain", "postgres://u:p@h:5432/d?a=b&c=d", "$HOME", "${HOME}", "$(touch MARKER)", "`touch MARKER`", "a b  c ",
	" a", `"`, `'`, `\`, `\\`, `\n`, `a\`, `"; touch MARKER; "`, `'; touch MARKER; '`, "a;touch MARKER",
	"a&touch MARKER",
	"#a", "a #b", ";a", "=a", "%s%n", "*", "~", "-n", "한글 😀", "\ta\t",
}

// The line that scripts/setup writes is read as the value that it was given, and no shell runs a part of
// it. A value is one line, as scripts/host sees to.
func TestSetupQuotesHostileDatabaseURL(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../../scripts/setup")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(script), "\nsetting() ")
	body, _, ended := strings.Cut(rest, "\n}\n")
	if !found || !ended {
		t.Fatal("scripts/setup has no function setting")
	}
	dir := t.TempDir()
	for _, value := range hostile {
		value = strings.ReplaceAll(value, "MARKER", filepath.Join(dir, "marker"))
		cmd := exec.Command("sh", "-euc", "setting() "+body+"\n}\nsetting DATABASE_URL \"$1\"", "sh", value)
		line, err := cmd.Output()
		got := envfile.Parse(string(line) + "B=2\n")
		if err != nil || !slices.Equal(got, []string{"DATABASE_URL=" + value, "B=2"}) {
			t.Errorf("%q became %s, which is read as %q: %v", value, line, got, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a command of a value was run: %v, %v", left, err)
	}
}
