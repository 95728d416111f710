package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A host's flags are kept until the command line replaces them, and an empty value removes one.
func TestStoredFlags(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "host.flags")
	for _, c := range []struct{ stored, line, want, err string }{
		{"", "", "", ""},
		{"", "-cert=/a -redirect 80", "-cert=/a\n-redirect=80\n", ""},
		{"-cert=/a\n-redirect=80\n", "", "-cert=/a\n-redirect=80\n", ""},
		{"-cert=/a\n-redirect=80\n", "-cert=/b -trust=10.0.0.0/8", "-cert=/b\n-redirect=80\n-trust=10.0.0.0/8\n", ""},
		{"-cert=/a\n-redirect=80\n", "-redirect=", "-cert=/a\n", ""},
		{"-cert=/a\n", "-out=/tmp", "-cert=/a\n", ""},
		{"-out=/etc\n", "", "", "no flag of a host"},
		{"-nothing=1\n", "", "", "no flag of a host"},
		{"-cert\n", "", "", "no flag of a host"},
		{"rm -rf /\n", "", "", "no flag of a host"},
	} {
		if err := os.WriteFile(file, []byte(c.stored), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := flag.NewFlagSet("render", flag.ContinueOnError)
		for _, name := range []string{"cert", "redirect", "trust", "out", "stored"} {
			flags.String(name, "", "")
		}
		if err := flags.Parse(strings.Fields(c.line)); err != nil {
			t.Fatal(err)
		}
		err := addStored(flags, file)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want %q", c.stored, err, c.err)
			}
			continue
		}
		if got := inForce(flags); err != nil || got != c.want {
			t.Errorf("%q and %q: %q, %v, want %q", c.stored, c.line, got, err, c.want)
		}
	}
	if err := addStored(flag.NewFlagSet("render", flag.ContinueOnError), file+".missing"); err != nil {
		t.Errorf("a host without a file: %v", err)
	}
}
