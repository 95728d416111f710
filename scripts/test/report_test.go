package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// follow feeds a report the stream of a `go test -json`.
func follow(packages int, stream string) (*report, string) {
	var out strings.Builder
	r := newReport(&out, packages)
	for line := range strings.Lines(stream) {
		r.line([]byte(strings.TrimSuffix(line, "\n")))
	}
	return r, out.String()
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
		want         string // the count
		failing      []string
		shown        []string
		whole        bool
	}{
		{
			name: "all pass", stream: good, want: "2 passed, 0 failed", whole: true,
			shown: []string{"[1/3] ok   m/a ", " 2 tests ", " 1.5 s"},
		},
		{name: "nothing ran", stream: `{"Action":"pass","Package":"m/a"}`, want: "0 passed, 0 failed"},
		{
			name: "a subtest fails, and its test with it",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"run","Package":"m/b","Test":"TestY/two"}
{"Action":"output","Package":"m/b","Test":"TestY/two","Output":"=== RUN   TestY/two\n"}
{"Action":"output","Package":"m/b","Test":"TestY/two","Output":"y_test.go:7: got 1\n"}
{"Action":"fail","Package":"m/b","Test":"TestY/two"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"--- FAIL: TestY\n"}
{"Action":"fail","Package":"m/b","Test":"TestY"}
{"Action":"fail","Package":"m/b"}`,
			want: "2 passed, 2 failed", failing: []string{"m/b TestY/two", "m/b TestY"},
			shown: []string{"y_test.go:7: got 1\n--- FAIL: TestY\n", "[2/3] FAIL m/b"},
		},
		{
			name: "the process dies in the middle of a test",
			stream: `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"panic: no\n"}
{"Action":"fail","Package":"m/b"}`,
			want: "0 passed, 1 failed", failing: []string{"m/b TestY"}, shown: []string{"panic: no\n"},
		},
		{
			name: "a package fails after its tests have passed",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"pass","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Output":"exit status 66\n"}
{"Action":"fail","Package":"m/b"}`,
			want: "3 passed, 1 failed", failing: []string{"m/b"}, shown: []string{"exit status 66\n"},
		},
		{
			name: "a package does not build",
			stream: `{"ImportPath":"m/b","Action":"build-output","Output":"b.go:3: undefined: x\n"}
{"ImportPath":"m/b","Action":"build-fail"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b [build failed]\n"}
{"Action":"fail","Package":"m/b","FailedBuild":"m/b"}`,
			want: "0 passed, 1 failed", failing: []string{"m/b"}, shown: []string{"b.go:3: undefined: x\n"},
		},
		{
			name: "a test is skipped",
			stream: good + `{"Action":"run","Package":"m/b","Test":"TestY"}
{"Action":"output","Package":"m/b","Test":"TestY","Output":"no database\n"}
{"Action":"skip","Package":"m/b","Test":"TestY"}
{"Action":"pass","Package":"m/b"}`,
			want: "2 passed, 0 failed", shown: []string{"no database\n"},
		},
		{
			name: "the go command complains between", stream: "go: warning: x\n" + good,
			want: "2 passed, 0 failed", whole: true, shown: []string{"go: warning: x\n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, out := follow(3, c.stream)
			if r.String() != c.want {
				t.Errorf("%q, want %q", r, c.want)
			}
			if !slices.Equal(r.failing, c.failing) {
				t.Errorf("failing %q, want %q", r.failing, c.failing)
			}
			for _, part := range c.shown {
				if !strings.Contains(out, part) {
					t.Errorf("it does not show %q:\n%s", part, out)
				}
			}
			if strings.Contains(out, "===") {
				t.Errorf("it shows how go test frames its tests:\n%s", out)
			}
			if strings.Contains(out, "chatter") {
				t.Errorf("it shows what a test said that passed:\n%s", out)
			}
			if err := r.verdict(); (err == nil) != c.whole {
				t.Errorf("verdict: %v", err)
			}
		})
	}
}

func TestReportSaysWhatIsAtWork(t *testing.T) {
	t.Parallel()
	r, _ := follow(2, `{"Action":"start","Package":"m/slow"}`)
	var out strings.Builder
	r.out = &out
	r.tick(time.Hour)
	if out.String() != "" {
		t.Errorf("impatient: %q", out.String())
	}
	r.tick(0)
	if !strings.Contains(out.String(), "m/slow") {
		t.Errorf("it says %q", out.String())
	}
}
