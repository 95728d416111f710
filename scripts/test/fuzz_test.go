package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const fuzzTargets = `package m

import "testing"

func FuzzGood(f *testing.F) { f.Fuzz(func(*testing.T, string) {}) }

func FuzzShort(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 0 {
			t.Error("not empty")
		}
	})
}

func FuzzSeed(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, s string) { t.Error("never") })
}

func TestNot(*testing.T) {}

const text = "\nfunc FuzzText(f *testing.F) {}"
`

// Each target of a small module runs, and what fails is named with the file of its input.
func TestEachFuzzTargetRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module m\n\ngo 1.26\n", "a_test.go": fuzzTargets,
		"none/none.go": "package none\n",
		"x/x_test.go": strings.Replace("package x_test\n"+strings.TrimPrefix(fuzzTargets, "package m\n"),
			"func TestNot(", "func TestNothing(", 1),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	f := fuzzer{dir: dir, each: "20x", pause: time.Minute, env: os.Environ(), out: &out}
	if err := f.all(t.Context(), []string{"./..."}); err == nil || !strings.Contains(err.Error(), "failed: 4;") {
		t.Errorf("the error is %v", err)
	}
	inputs, err := filepath.Glob(filepath.Join(dir, "*/fuzz/FuzzShort/*"))
	if err != nil || len(inputs) != 1 {
		t.Fatalf("the failing inputs are %q, %v", inputs, err)
	}
	for _, want := range []string{
		"1 of 6: FuzzGood of m, for 20x\n", "4 of 6: FuzzGood of m/x, for 20x\n", "fuzz: elapsed: ",
		"\n6 targets were run, and 4 failed\nFuzzShort of m: " + inputs[0] + "\n",
		"FuzzSeed of m: one of the inputs that it begins with; see above\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if err := f.all(t.Context(), []string{"./none"}); err == nil || !strings.Contains(err.Error(), "no fuzz target") {
		t.Errorf("without a target: %v", err)
	}
}
