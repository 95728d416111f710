package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// reportOf returns the counts, the output and the error of a report on a stream of `go test -json`.
func reportOf(t *testing.T, stream string) (counts, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stream")
	if err := os.WriteFile(path, []byte(stream), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	c, err := report(t.Context(), &out, exec.Command("cat", path))
	return c, out.String(), err
}

func TestReport(t *testing.T) {
	t.Parallel()
	const good = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestX"}
{"Action":"output","Package":"m/a","Test":"TestX","Output":"=== RUN   TestX\n"}
{"Action":"run","Package":"m/a","Test":"TestX/one"}
{"Action":"pause","Package":"m/a","Test":"TestX/one"}
{"Action":"cont","Package":"m/a","Test":"TestX/one"}
{"Action":"output","Package":"m/a","Test":"TestX/one","Output":"chatter\n"}
{"Action":"pass","Package":"m/a","Test":"TestX/one"}
{"Action":"pass","Package":"m/a","Test":"TestX"}
{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t0.1s\n"}
{"Action":"pass","Package":"m/a","Elapsed":1.5}
`
	for _, c := range []struct {
		name, stream string
		want         string   // the counts
		output       []string // parts of the output
		err          string   // a part of the error; "" where none is wanted
	}{
		{
			name: "all pass", stream: good, want: "2 passed, 0 failed",
			output: []string{"✓  m/a (1.5s)\n", "DONE 2 tests in"},
		},
		{
			name: "no test runs", stream: `{"Action":"pass","Package":"m/a"}`,
			want: "0 passed, 0 failed", err: "no test ran",
		},
		{
			name: "a subtest fails, and its test with it",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"run","Package":"m/b","Test":"TestY/two"}
{"Action":"output","Package":"m/b","Test":"TestY/two","Output":"=== RUN   TestY/two\n"}
{"Action":"output","Package":"m/b","Test":"TestY/two","Output":"    y_test.go:7: got 1\n"}
{"Action":"fail","Package":"m/b","Test":"TestY/two"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"--- FAIL: TestY\n"}
{"Action":"fail","Package":"m/b","Test":"TestY"}
{"Action":"fail","Package":"m/b"}`,
			want: "2 passed, 2 failed", err: "failed tests: 2",
			output: []string{"✖  m/b", "=== FAIL: m/b TestY/two", "    y_test.go:7: got 1\n"},
		},
		{
			name: "the process dies in the middle of a test",
			stream: `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"panic: no\n"}
{"Action":"fail","Package":"m/b"}`,
			want: "0 passed, 1 failed", err: "failed tests: 1",
			output: []string{"=== FAIL: m/b TestY", "panic: no\n"},
		},
		{
			name: "a package fails after its tests have passed",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"pass","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Output":"exit status 66\n"}
{"Action":"fail","Package":"m/b"}`,
			want: "3 passed, 1 failed", err: "failed tests: 1",
			output: []string{"=== FAIL: m/b", "exit status 66\n"},
		},
		{
			name: "a package does not build",
			stream: `{"ImportPath":"m/b","Action":"build-output","Output":"# m/b\n"}
{"ImportPath":"m/b","Action":"build-output","Output":"b.go:3: undefined: x\n"}
{"ImportPath":"m/b","Action":"build-fail"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b [build failed]\n"}
{"Action":"fail","Package":"m/b","FailedBuild":"m/b"}`,
			want: "0 passed, 1 failed", err: "failed tests: 1",
			output: []string{"=== FAIL: m/b", "b.go:3: undefined: x\n"},
		},
		{
			name: "a test is skipped",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"no database\n"}
{"Action":"skip","Package":"m/b","Test":"TestY"}
{"Action":"pass","Package":"m/b"}`,
			want: "2 passed, 0 failed, 1 skipped", err: "skipped tests: 1",
			output: []string{"=== SKIP: m/b TestY", "no database\n"},
		},
		{
			name: "the go command writes a warning", stream: "go: warning: x\n" + good,
			want: "2 passed, 0 failed", output: []string{"go: warning: x\n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, output, err := reportOf(t, c.stream)
			if got.String() != c.want {
				t.Errorf("the counts are %q, want %q", got, c.want)
			}
			for _, part := range c.output {
				if !strings.Contains(output, part) {
					t.Errorf("the output lacks %q:\n%s", part, output)
				}
			}
			if strings.Contains(output, "chatter") {
				t.Errorf("the output has that of a test that passed:\n%s", output)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("the error is %v, want %q", err, c.err)
			}
		})
	}
}

// The report ends, and says why, where the command writes more than it can read, or does not start.
func TestReportFails(t *testing.T) {
	t.Parallel()
	long := `{"Action":"output","Package":"m/a","Output":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, stream := range []string{long, strings.Repeat(long+"\n", 5)} {
		if _, _, err := reportOf(t, stream); err == nil || !strings.Contains(err.Error(), "too long") {
			t.Errorf("a line of 1 MiB: the error is %v", err)
		}
	}
	var out strings.Builder
	_, err := report(t.Context(), &out, exec.Command("/missing/go", "test"))
	if err == nil || !strings.Contains(err.Error(), "/missing/go") {
		t.Errorf("a missing program: the error is %v", err)
	}
}
