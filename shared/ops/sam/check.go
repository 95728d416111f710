package sam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	methods     = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	literal     = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
	placeholder = regexp.MustCompile(`^\{[A-Za-z_][A-Za-z0-9_]*\}$`)
)

// reserved are the first segments of the paths that functions serve on their own sockets, and no client may call.
var reserved = []string{"healthz", "metrics", "readyz", "schedule"}

// check returns an error unless API Gateway, nginx and http.ServeMux all read the route in the same
// way.
func (r Route) check() error {
	if !slices.Contains(methods, r.Method) {
		return fmt.Errorf("its Method is %q; it must be one of %s", r.Method, strings.Join(methods, ", "))
	}
	rest, ok := strings.CutPrefix(r.Path, "/")
	if !ok {
		return fmt.Errorf("its Path %q must begin with a slash", r.Path)
	}
	if rest == "" {
		return nil
	}
	if top, _, _ := strings.Cut(rest, "/"); slices.Contains(reserved, top) {
		return fmt.Errorf("its Path %q begins with /%s, which is for each function's own use", r.Path, top)
	}
	var names []string
	for segment := range strings.SplitSeq(rest, "/") {
		switch {
		case placeholder.MatchString(segment):
			if slices.Contains(names, segment) || segment == "{_}" {
				return fmt.Errorf("its Path %q must give each placeholder a different name", r.Path)
			}
			names = append(names, segment)
		case !literal.MatchString(segment) || segment == "." || segment == "..":
			return fmt.Errorf("its Path %q has the segment %q; write letters, digits and . _ ~ -, or a {name}",
				r.Path, segment)
		}
	}
	return nil
}

// checkOwners records the areas and routes that two functions have, and pairs of routes that match
// a path in common although neither is more specific: /a/{x} and /{y}/b both match /a/b.
func (t *Template) checkOwners(found *violations) {
	type owned struct {
		route    Route
		function string
	}
	areas := map[string]string{}
	var all []owned
	for _, f := range t.Functions {
		if other, ok := areas[f.Area]; ok {
			found.add(nil, "the functions %s and %s have the same folder, %s", other, f.Name, f.Area)
		}
		areas[f.Area] = f.Name
		for _, r := range f.Routes {
			for _, other := range all {
				switch overlap(r, other.route) {
				case same:
					found.add(nil, "%s of %s belongs to %s already, as %s", r, f.Name, other.function, other.route)
				case ambiguous:
					found.add(nil, "%s of %s and %s of %s match the same paths, and neither is more specific",
						r, f.Name, other.route, other.function)
				}
			}
			all = append(all, owned{r, f.Name})
		}
	}
}

// How the requests that two routes match relate.
const (
	disjoint  = iota // no request matches both
	contained        // one route matches a part of what the other matches
	same
	ambiguous // some requests match both, and each route matches others too
)

// overlap compares the requests that two routes match. A GET route matches HEAD too, so HEAD is the
// more specific method.
func overlap(a, b Route) int {
	aSpecific, bSpecific := false, false
	switch {
	case a.Method == b.Method:
	case a.Method == "HEAD" && b.Method == "GET":
		aSpecific = true
	case a.Method == "GET" && b.Method == "HEAD":
		bSpecific = true
	default:
		return disjoint
	}
	as, bs := strings.Split(a.Path, "/"), strings.Split(b.Path, "/")
	if len(as) != len(bs) {
		return disjoint
	}
	for i := range as {
		aAny, bAny := strings.HasPrefix(as[i], "{"), strings.HasPrefix(bs[i], "{")
		switch {
		case aAny && !bAny:
			bSpecific = true
		case bAny && !aAny:
			aSpecific = true
		case !aAny && as[i] != bs[i]:
			return disjoint
		}
	}
	switch {
	case aSpecific && bSpecific:
		return ambiguous
	case aSpecific || bSpecific:
		return contained
	}
	return same
}

// checkReferences records the variables that refer to a name that neither Parameters nor Resources
// has. Outside Lambda they would be left out silently.
func checkReferences(properties node, known map[string]bool) {
	variables := properties.get("Environment").get("Variables")
	if variables.Node == nil {
		return
	}
	for i := 1; i < len(variables.Content); i += 2 {
		value := node{variables.Content[i], variables.violations}
		name, argument := value.intrinsic()
		if name == "Ref" && !known[argument.Value] && !strings.HasPrefix(argument.Value, "AWS::") {
			value.violations.add(value.Node, "!Ref %s: neither Parameters nor Resources has this name", argument.Value)
		}
	}
}
