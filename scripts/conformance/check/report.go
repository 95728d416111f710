package check

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Failed returns how many results are failures.
func Failed(results []Result) (n int) {
	for _, r := range results {
		if r.Failure != nil {
			n++
		}
	}
	return n
}

// WriteText writes every failure and a line that sums up, for people.
func WriteText(w io.Writer, results []Result, took time.Duration) {
	for _, r := range results {
		if f := r.Failure; f != nil {
			fmt.Fprintf(w, "FAIL %s\n  rule:     %s\n  request:  %s\n  expected: %s\n  got:      %s\n\n",
				f.Case, indent(f.Rule), indent(f.Request), indent(f.Expected), indent(f.Got))
		}
	}
	failed := Failed(results)
	fmt.Fprintf(w, "%d cases: %d passed, %d failed, in %.1f s\n", len(results), len(results)-failed, failed,
		took.Seconds())
}

func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n            ")
}

// WriteJSON writes all results as JSON.
func WriteJSON(w io.Writer, results []Result) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(map[string]any{"cases": len(results), "failed": Failed(results), "results": results})
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes all results as JUnit's XML, which CI systems read.
func WriteJUnit(w io.Writer, results []Result, took time.Duration) error {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	suite := junitSuite{Name: "minifb-check", Tests: len(results), Failures: Failed(results), Time: seconds(took)}
	for _, r := range results {
		area, name, _ := strings.Cut(r.Case, "/")
		c := junitCase{Class: area, Name: name, Time: seconds(r.Took)}
		if f := r.Failure; f != nil {
			c.Failure = &junitFailure{f.Expected,
				f.Rule + "\n\n" + f.Request + "\n\nexpected: " + f.Expected + "\n\ngot: " + f.Got}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", " ")
	return encoder.Encode(suite)
}
