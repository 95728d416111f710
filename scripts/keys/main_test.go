package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/keys"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	do := func(want string, arguments ...string) string {
		t.Helper()
		var out strings.Builder
		if err := run(arguments, now, &out); err != nil {
			t.Fatalf("keys %v: %v", arguments, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("keys %v: printed %q, want %q", arguments, out.String(), want)
		}
		if strings.Contains(out.String(), `"d"`) {
			t.Errorf("keys %v: printed a private key", arguments)
		}
		return out.String()
	}
	do("created ", "create", dir)
	do("which are kept", "create", dir)
	do("  signs\n", "list", dir)
	first := strings.Fields(do("KID", "list", dir))[3]

	added := do("which signs from ", "rotate", "-delay", "1m", dir)
	second := strings.TrimSuffix(strings.Fields(added)[1], ",")
	if listed := do("signs from ", "list", dir); !strings.Contains(listed, second) || !strings.Contains(listed, first) {
		t.Errorf("listed %s", listed)
	}
	err := run([]string{"retire", dir, first}, now, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "-force") {
		t.Errorf("the key that signs: %v", err)
	}
	now = now.Add(2 * time.Minute)
	do("verifies; can be retired from ", "list", dir)
	now = now.Add(keys.Overlap)
	do("can be retired\n", "list", dir)
	do("removed "+first, "retire", dir, first)

	do("added ", "rotate", dir)
	do("removed "+second, "retire", "-force", dir, second)
	if err := run([]string{"list", dir + "/none"}, now, &strings.Builder{}); err == nil {
		t.Error("a directory without keys was listed")
	}
}

// A key of an older version has no times, and a public key may have lost its private half. Neither is
// said to be retirable, as `keys retire` would refuse it.
func TestListOfKeysWithoutTimes(t *testing.T) {
	t.Parallel()
	dir, other, lost := t.TempDir(), t.TempDir(), t.TempDir()
	var plain, public []map[string]any
	for _, d := range []string{dir, other, lost} {
		if err := run([]string{"create", d}, time.Now(), &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		public = append(public, readSet(t, keys.Public(d))...)
		if d != lost {
			plain = append(plain, readSet(t, keys.Private(d))...)
		}
	}
	for _, k := range plain {
		delete(k, "iat")
		delete(k, "nbf")
	}
	writeSet(t, keys.Private(dir), plain)
	writeSet(t, keys.Public(dir), public)
	var out strings.Builder
	if err := run([]string{"list", dir}, time.Now(), &out); err != nil {
		t.Fatal(err)
	}
	for id, state := range map[any]string{
		plain[0]["kid"]:  "unknown  signs",
		plain[1]["kid"]:  "unknown  verifies; it is not known when it signed last",
		public[2]["kid"]: "unknown  verifies only; its private half is not here",
	} {
		if line := fmt.Sprintf("%s  %s\n", id, state); !strings.Contains(out.String(), line) {
			t.Errorf("listed %s, want %s", out.String(), line)
		}
	}
}

func readSet(t *testing.T, file string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

func writeSet(t *testing.T, file string, set []map[string]any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": set})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The private keys of one folder with the public keys of another would take sign-in down on every host.
func TestListRefusesKeysThatDoNotBelongTogether(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if err := run([]string{"create", d}, time.Now(), &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(keys.Public(other), keys.Public(dir)); err != nil {
		t.Fatal(err)
	}
	err := run([]string{"list", dir}, time.Now(), &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "is not among the public keys") {
		t.Errorf("got %v", err)
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{}, {"create"}, {"list"}, {"rotate"}, {"retire"}, {"retire", "dir"}, {"list", "a", "b"}, {"a", "b"}, {""},
		{"dir"}, {"lst", "dir"},
		{"-help"}, {"rotate", "-delay", "x", "dir"}, {"rotate", "-delay", "-1s", "dir"}, {"rotate", "-force", "dir"},
		{"list", "-force", "dir"}, {"create", ""},
	} {
		if err := run(arguments, time.Now(), &strings.Builder{}); !errors.Is(err, errUsage) {
			t.Errorf("keys %q: %v", arguments, err)
		}
	}
}
