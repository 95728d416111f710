package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// compare prints the rows of two results side by side.
func compare(w io.Writer, pathA, pathB string) error {
	if pathA == "" || pathB == "" {
		return errors.New("name two results of make bench, such as A=.build/bench/1.json B=.build/bench/2.json")
	}
	a, errA := readResult("A", pathA)
	b, errB := readResult("B", pathB)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	for _, of := range []struct {
		name, path string
		result
	}{{"A", pathA, a}, {"B", pathB, b}} {
		m, s := of.Machine, of.Settings
		fmt.Fprintf(w, "%s: %s, %s, %d posts, %d rounds of %d s, %d cores, load %s, PostgreSQL %s\n", of.name, of.path,
			cmp.Or(m.Commit, "no commit"), s.Size.Posts, s.Rounds, s.Seconds, m.Cores, m.Load, m.PostgreSQL)
	}
	fmt.Fprintln(w, "CPU is that of the function and of PostgreSQL, in µs for each request")
	const format = "| %-14s | %-13s | %10s | %10s | %6s |\n"
	fmt.Fprintf(w, "\n"+format+"|---|---|---|---|---|\n", "row", "", "A", "B", "B/A")
	for _, name := range names(a, b) {
		rowA, rowB := a.row(name), b.row(name)
		for i, f := range figures {
			label := ""
			if i == 0 {
				label = name
			}
			x, y := f.of(rowA), f.of(rowB)
			fmt.Fprintf(w, format, label, f.name, f.text(x), f.text(y), quotient(x, y))
		}
	}
	return nil
}

// A figure is one that compare shows of each row.
type figure struct {
	name   string
	format string
	of     func(measured) float64
}

var figures = []figure{
	{"requests/s", "%.0f", func(m measured) float64 { return m.Direct.PerSecond }},
	{"ratio", "%.2f", func(m measured) float64 { return m.Ratio }},
	{"p50 ms", "%.2f", func(m measured) float64 { return m.Direct.P50 }},
	{"p99 ms", "%.2f", func(m measured) float64 { return m.Direct.P99 }},
	{"function CPU", "%.0f", func(m measured) float64 { return m.Direct.FunctionCPU }},
	{"postgres CPU", "%.0f", func(m measured) float64 { return m.Direct.PostgresCPU }},
}

// text returns a figure, and nothing if there is none.
func (f figure) text(value float64) string {
	if value == 0 {
		return ""
	}
	return fmt.Sprintf(f.format, value)
}

// quotient returns y/x, and nothing if one of the two is missing.
func quotient(x, y float64) string {
	if x == 0 || y == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", y/x)
}

// row returns the row of this name; one without figures if the result has none, or an invalid one.
func (r result) row(name string) measured {
	for _, m := range r.Rows {
		if m.Name == name && len(m.Invalid) == 0 {
			return m
		}
	}
	return measured{}
}

// names returns the names of the rows of both results, in the order of the first.
func names(results ...result) (all []string) {
	for _, r := range results {
		for _, m := range r.Rows {
			if !slices.Contains(all, m.Name) {
				all = append(all, m.Name)
			}
		}
	}
	return all
}

// readResult reads what make bench has written.
func readResult(name, path string) (r result, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return r, fmt.Errorf("%s: %w: name a file that make bench has written, in .build/bench", name, err)
	}
	if err := json.Unmarshal(text, &r); err != nil || len(r.Rows) == 0 {
		return r, fmt.Errorf("%s: %s is no result of make bench: name a file that it has written, in .build/bench",
			name, path)
	}
	return r, nil
}
