package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A tally counts tests, subtests too.
type tally struct{ passed, failed int }

func (t tally) String() string { return fmt.Sprintf("%d passed, %d failed", t.passed, t.failed) }

// An event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string  `json:"Action"`
	Package    string  `json:"Package"`
	ImportPath string  `json:"ImportPath"` // of what does not build
	Test       string  `json:"Test"`       // empty: the package as a whole
	Output     string  `json:"Output"`
	Elapsed    float64 `json:"Elapsed"` // s
}

// name is how people name a test: "minifb/functions/post TestDelete/twice".
func (e event) name() string { return strings.TrimSpace(e.Package + " " + e.Test) }

// A report follows the events of one `go test -json`, shows each package as it ends with all that a failed test said, and counts.
type report struct {
	out      io.Writer
	packages int // how many are to come; 0 is not known
	tally
	skipped []string
	failing []string

	done    int
	working map[string]*progress // by package
	said    map[string][]string  // by test, and by what does not build
	start   time.Time
	quiet   time.Time // since when nothing was shown
}

// frame is what go test says around the tests, and this report says itself.
var frame = regexp.MustCompile(`^(=== |(PASS|FAIL)$|(ok  |FAIL)\t|coverage: |\t.*\tcoverage: )`)

// progress is how far one package has come.
type progress struct {
	tally
	running map[string]event
}

func newReport(out io.Writer, packages int) *report {
	now := time.Now()
	return &report{out: out, packages: packages, working: map[string]*progress{}, said: map[string][]string{}, start: now, quiet: now}
}

// line takes one line of the stream. What is no event, such as a complaint of the go command itself, is shown as it is.
func (r *report) line(text []byte) {
	var e event
	if err := json.Unmarshal(text, &e); err != nil || e.Action == "" {
		r.show("%s\n", text)
		return
	}
	switch {
	case e.Action == "build-output":
		r.said[e.ImportPath] = append(r.said[e.ImportPath], e.Output)
	case e.Action == "build-fail":
		r.tell(e.ImportPath)
	case e.Action == "output":
		if frame.MatchString(e.Output) {
			return
		}
		r.said[e.name()] = append(r.said[e.name()], e.Output)
	case e.Test != "":
		r.test(e)
	default:
		r.pack(e)
	}
}

func (r *report) of(name string) *progress {
	if r.working[name] == nil {
		r.working[name] = &progress{running: map[string]event{}}
	}
	return r.working[name]
}

// test takes what happens to one test.
func (r *report) test(e event) {
	p := r.of(e.Package)
	switch e.Action {
	case "run":
		p.running[e.Test] = e
		return
	case "pass":
		p.passed++
	case "fail":
		p.failed++
		r.failing = append(r.failing, e.name())
		r.tell(e.name())
	case "skip":
		r.skipped = append(r.skipped, e.name())
		r.tell(e.name())
	default: // pause, cont
		return
	}
	delete(p.running, e.Test)
	delete(r.said, e.name())
}

// pack takes the beginning or the end of one package.
func (r *report) pack(e event) {
	p := r.of(e.Package)
	if e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
		return
	}
	// A test that was cut off, by a time limit or a death of the process, has failed.
	for _, test := range slices.Sorted(maps.Keys(p.running)) {
		cut := p.running[test]
		cut.Action = "fail"
		r.test(cut)
	}
	if e.Action == "fail" {
		if p.failed == 0 { // it does not build, or it fails without a test to blame
			p.failed++
			r.failing = append(r.failing, e.Package)
		}
		r.tell(e.Package)
	}
	delete(r.said, e.Package)
	delete(r.working, e.Package)
	r.done++
	r.passed += p.passed
	r.failed += p.failed
	word := map[bool]string{false: "ok  ", true: "FAIL"}[e.Action == "fail"]
	r.show("[%*d/%d] %s %-32s %5d tests %6.1f s\n", len(fmt.Sprint(r.packages)), r.done, r.packages, word, e.Package, p.passed+p.failed, e.Elapsed)
}

// tell shows what something said, in full.
func (r *report) tell(name string) {
	if said := r.said[name]; len(said) > 0 {
		r.show("%s", strings.Join(said, ""))
	}
	delete(r.said, name)
}

func (r *report) show(format string, args ...any) {
	fmt.Fprintf(r.out, format, args...)
	r.quiet = time.Now()
}

// tick shows what is at work where nothing has been shown for a while.
func (r *report) tick(patience time.Duration) {
	if time.Since(r.quiet) < patience {
		return
	}
	at := "compiling"
	if names := slices.Sorted(maps.Keys(r.working)); len(names) > 0 {
		at = strings.Join(names, ", ")
	}
	r.show("… %.0f s: %s\n", time.Since(r.start).Seconds(), at)
}

// verdict is nil where every test ran and passed. Otherwise it names those that did not.
func (r *report) verdict() error {
	switch {
	case r.failed > 0:
		return fmt.Errorf("%d failed:\n  %s", r.failed, strings.Join(r.failing, "\n  "))
	case len(r.skipped) > 0:
		return fmt.Errorf("a test that is skipped checks nothing:\n  %s", strings.Join(r.skipped, "\n  "))
	case r.passed == 0:
		return fmt.Errorf("no test ran")
	}
	return nil
}
