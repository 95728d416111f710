package main

import (
	"regexp"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
)

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// probePath returns a path to which every working release of the function responds, by GET, with a
// status below 500: its first GET route without a placeholder, else its first GET route with each
// placeholder replaced by 0, else /readyz.
func probePath(f sam.Function) string {
	probe := "/readyz"
	for _, r := range slices.Backward(f.Routes) {
		if r.Method == "GET" && strings.Contains(r.Path, "{") {
			probe = placeholder.ReplaceAllString(r.Path, "0")
		}
	}
	for _, r := range f.Routes {
		if r.Method == "GET" && !strings.Contains(r.Path, "{") {
			return r.Path
		}
	}
	return probe
}
