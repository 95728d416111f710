// Package render writes the configuration of nginx and the systemd units of a host, from
// template.yaml.
package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
)

// A path has all routes with the same path. nginx chooses the function by the path alone; the
// function responds with 405 to other methods.
type path struct {
	Area    string
	Route   string // as in the template, such as /post/{id}
	Pattern string // a regular expression for the whole path
	Allow   string // the methods, in the form of the Allow header
	Methods []string
}

var placeholder = regexp.MustCompile(`^\{.*\}$`)

// paths returns the template's paths, those with fewer placeholders first. It returns an error where
// a request's path does not decide which function serves it.
func paths(t *sam.Template) ([]path, error) {
	methods := map[string][]string{}
	var all []path
	for _, f := range t.Functions {
		for _, r := range f.Routes {
			for _, other := range all {
				if other.Area != f.Area && overlap(other.Route, r.Path) {
					return nil, fmt.Errorf("%s of %s and %s of %s overlap; nginx chooses the function by the path, "+
						"so one function must have both", r.Path, f.Area, other.Route, other.Area)
				}
			}
			if methods[r.Path] == nil {
				all = append(all, path{Area: f.Area, Route: r.Path})
			}
			methods[r.Path] = append(methods[r.Path], r.Method)
			if r.Method == "GET" {
				methods[r.Path] = append(methods[r.Path], "HEAD")
			}
		}
	}
	for i := range all {
		p := &all[i]
		slices.Sort(methods[p.Route])
		p.Methods = slices.Compact(methods[p.Route])
		p.Allow = strings.Join(p.Methods, ", ")
		var segments []string
		for segment := range strings.SplitSeq(p.Route, "/") {
			if placeholder.MatchString(segment) {
				segments = append(segments, "[^/?]+")
			} else {
				segments = append(segments, regexp.QuoteMeta(segment))
			}
		}
		p.Pattern = strings.Join(segments, "/")
	}
	slices.SortStableFunc(all, func(a, b path) int {
		return strings.Count(a.Route, "{") - strings.Count(b.Route, "{")
	})
	return all, nil
}

// overlap reports whether a request's path can match both paths.
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
