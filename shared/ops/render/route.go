// Package render makes what a host with nginx and systemd needs of template.yaml: nginx's configuration and the units.
package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
)

// A path is all routes of one path. nginx picks the function by the path alone: the function itself answers 405.
type path struct {
	Area    string
	Pattern string // a regular expression, from the path's first to its last character
	Allow   string // the methods, as the Allow header lists them
	pattern string // as the template has it
}

var placeholder = regexp.MustCompile(`^\{.*\}$`)

// paths are the template's, the narrower before the wider. It fails where functions share a path, or two that overlap:
// which of them a request is for would then take more than its path to tell.
func paths(t *sam.Template) ([]path, error) {
	methods := map[string][]string{}
	var all []path
	for _, f := range t.Functions {
		for _, r := range f.Routes {
			for _, other := range all {
				if other.Area != f.Area && overlap(other.pattern, r.Path) {
					return nil, fmt.Errorf("%s of %s and %s of %s overlap: nginx picks a function by the path alone, so give them to one function",
						r.Path, f.Area, other.pattern, other.Area)
				}
			}
			if methods[r.Path] == nil {
				all = append(all, path{Area: f.Area, pattern: r.Path})
			}
			methods[r.Path] = append(methods[r.Path], r.Method)
			if r.Method == "GET" {
				methods[r.Path] = append(methods[r.Path], "HEAD")
			}
		}
	}
	for i := range all {
		p := &all[i]
		slices.Sort(methods[p.pattern])
		p.Allow = strings.Join(slices.Compact(methods[p.pattern]), ", ")
		var segments []string
		for segment := range strings.SplitSeq(p.pattern, "/") {
			if placeholder.MatchString(segment) {
				segments = append(segments, "[^/?]+")
			} else {
				segments = append(segments, regexp.QuoteMeta(segment))
			}
		}
		p.Pattern = strings.Join(segments, "/")
	}
	slices.SortStableFunc(all, func(a, b path) int {
		return strings.Count(a.pattern, "{") - strings.Count(b.pattern, "{")
	})
	return all, nil
}

// overlap tells whether some path matches both patterns.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if as[i] != bs[i] && !placeholder.MatchString(as[i]) && !placeholder.MatchString(bs[i]) {
			return false
		}
	}
	return true
}

// Probe is a request that any working build of the function answers with a status below 500: its first GET route without a
// placeholder, else its first GET route with 0 in their places, else its readiness.
func Probe(f sam.Function) string {
	probe := "/readyz"
	for _, r := range slices.Backward(f.Routes) {
		if r.Method == "GET" && strings.Contains(r.Path, "{") {
			probe = braces.ReplaceAllString(r.Path, "0")
		}
	}
	for _, r := range f.Routes {
		if r.Method == "GET" && !strings.Contains(r.Path, "{") {
			return r.Path
		}
	}
	return probe
}

var braces = regexp.MustCompile(`\{[^}]*\}`)
