package sam

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	methods     = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	literal     = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
	placeholder = regexp.MustCompile(`^\{[A-Za-z_][A-Za-z0-9_]*\}$`)
	generated   = regexp.MustCompile(`^(Role|Version|Alias\w*|Url|\w*Permissions?)$`)
	substitute  = regexp.MustCompile(`\$\{([^!{}][^{}]*)\}`)
)

// check holds a route to what API Gateway, nginx and http.ServeMux all take in the same sense.
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
	var names []string
	for segment := range strings.SplitSeq(rest, "/") {
		switch {
		case placeholder.MatchString(segment):
			if slices.Contains(names, segment) || segment == "{_}" {
				return fmt.Errorf("its Path %q must give each placeholder a name of its own", r.Path)
			}
			names = append(names, segment)
		case !literal.MatchString(segment) || segment == "." || segment == "..":
			return fmt.Errorf("its Path %q has the segment %q, which is neither letters, digits and . _ ~ - nor a {name}", r.Path, segment)
		}
	}
	return nil
}

// checkOwners finds functions and routes that are there twice, and routes of which neither is the narrower one, as
// /a/{x} and /{y}/b are at /a/b.
func (t *Template) checkOwners(found *faults) {
	type owned struct {
		route Route
		by    string
	}
	areas := map[string]string{}
	var all []owned
	for _, f := range t.Functions {
		if other, ok := areas[f.Area]; ok {
			found.add(nil, "the functions %s and %s share the folder %s", other, f.Name, f.Area)
		}
		areas[f.Area] = f.Name
		for _, r := range f.Routes {
			for _, o := range all {
				switch overlap(r, o.route) {
				case same:
					found.add(nil, "%s of %s is owned by %s already, as %s", r, f.Name, o.by, o.route)
				case ambiguous:
					found.add(nil, "%s of %s and %s of %s match the same paths, and neither is the narrower one", r, f.Name, o.route, o.by)
				}
			}
			all = append(all, owned{r, f.Name})
		}
	}
}

const (
	apart = iota
	narrower
	same
	ambiguous
)

// overlap compares the paths that two routes match. GET stands for HEAD too, so that HEAD is the narrower method.
func overlap(a, b Route) int {
	aNarrower, bNarrower := false, false
	switch {
	case a.Method == b.Method:
	case a.Method == "HEAD" && b.Method == "GET":
		aNarrower = true
	case a.Method == "GET" && b.Method == "HEAD":
		bNarrower = true
	default:
		return apart
	}
	as, bs := strings.Split(a.Path, "/"), strings.Split(b.Path, "/")
	if len(as) != len(bs) {
		return apart
	}
	for i := range as {
		aAny, bAny := strings.HasPrefix(as[i], "{"), strings.HasPrefix(bs[i], "{")
		switch {
		case aAny && !bAny:
			bNarrower = true
		case bAny && !aAny:
			aNarrower = true
		case !aAny && as[i] != bs[i]:
			return apart
		}
	}
	switch {
	case aNarrower && bNarrower:
		return ambiguous
	case aNarrower || bNarrower:
		return narrower
	}
	return same
}

// known are the names that !Ref, !Sub and !GetAtt may use.
type known map[string]bool

func (k known) has(name string) bool {
	if k[name] || strings.HasPrefix(name, "AWS::") || strings.HasPrefix(name, "Serverless") {
		return true // the last is what SAM makes: ServerlessHttpApi and its like
	}
	for own := range k {
		if rest, ok := strings.CutPrefix(name, own); ok && generated.MatchString(rest) {
			return true // PostRole beside Post
		}
	}
	return false
}

var errDeep = errors.New("the template is nested too deeply")

// checkReferences finds every name in the whole document that is neither a parameter nor a resource.
func (k known) checkReferences(n node, depth int) {
	if depth > 100 {
		n.faults.add(n.Node, "%w", errDeep)
		return
	}
	var names []string
	switch name, argument := n.intrinsic(); name {
	case "Ref":
		names = []string{argument.Value}
	case "GetAtt":
		attribute := argument.Value
		if argument.Kind == yaml.SequenceNode && len(argument.Content) > 0 {
			attribute = argument.Content[0].Value
		}
		resource, _, _ := strings.Cut(attribute, ".")
		names = []string{resource}
	case "Sub":
		if argument.Kind != yaml.ScalarNode {
			break // its own variables come with it
		}
		for _, match := range substitute.FindAllStringSubmatch(argument.Value, -1) {
			resource, _, _ := strings.Cut(match[1], ".")
			names = append(names, resource)
		}
	}
	for _, name := range names {
		if !k.has(name) {
			n.faults.add(n.Node, "%q is referred to, but neither Parameters nor Resources has it", name)
		}
	}
	for _, child := range n.Content {
		k.checkReferences(node{child, n.faults}, depth+1)
	}
}
