package sam

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A node is a value of the document. Its Node is nil where the document has no such value. Its
// methods record violations and continue, so that one run reports them all.
type node struct {
	*yaml.Node
	violations *violations
}

// violations are the broken rules of one template.
type violations []error

// add records a violation at n, which may be nil.
func (v *violations) add(n *yaml.Node, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if n != nil && n.Line > 0 {
		err = fmt.Errorf("line %d: %w", n.Line, err)
	}
	*v = append(*v, err)
}

// err returns all violations as one error, or nil.
func (v *violations) err() error { return errors.Join(*v...) }

// A pair is a key of a mapping with its value.
type pair struct {
	key   string
	at    *yaml.Node // of the key
	value node
}

// intrinsic returns the intrinsic function of CloudFormation that n calls, such as Ref or Sub, and
// its argument. Both forms are read: !Ref X and {Ref: X}. The name is "" where n calls none.
func (n node) intrinsic() (name string, argument node) {
	switch {
	case n.Node == nil:
		return "", node{}
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && len(n.Tag) > 1:
		return n.Tag[1:], n
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		key := n.Content[0].Value
		if short, ok := strings.CutPrefix(key, "Fn::"); ok || key == "Ref" || key == "Condition" {
			return short, node{n.Content[1], n.violations}
		}
	}
	return "", node{}
}

// pairs returns the keys and values of a mapping in the file's order. name is what violations call
// the mapping.
func (n node) pairs(name string) []pair {
	if n.Node == nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		n.violations.add(n.Node, "%s must be a mapping", name)
		return nil
	}
	var pairs []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := n.Content[i]
		if seen[at.Value] {
			n.violations.add(at, "%s has %q twice", name, at.Value)
			continue
		}
		seen[at.Value] = true
		pairs = append(pairs, pair{at.Value, at, node{n.Content[i+1], n.violations}})
	}
	return pairs
}

// get returns the value of a mapping's key. Its Node is nil where n is not a mapping or has no such
// key.
func (n node) get(key string) node {
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return node{nil, n.violations}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return node{n.Content[i+1], n.violations}
		}
	}
	return node{nil, n.violations}
}

// text returns a scalar as written. It is "" where there is no value, or an intrinsic function.
func (n node) text(name string) string {
	if n.Node == nil || n.Tag == "!!null" {
		return ""
	}
	if function, _ := n.intrinsic(); function != "" {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		n.violations.add(n.Node, "%s must be a single value", name)
		return ""
	}
	return n.Value
}

// number returns an integer from least to most, or fallback where the document has none.
func (n node) number(name string, least, most, fallback int) int {
	s := n.text(name)
	if s == "" {
		return fallback
	}
	i, err := strconv.Atoi(s)
	if err != nil || i < least || i > most {
		n.violations.add(n.Node, "%s must be a whole number from %d to %d", name, least, most)
		return fallback
	}
	return i
}

// list returns a sequence of scalars.
func (n node) list(name string) []string {
	if n.Node == nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		n.violations.add(n.Node, "%s must be a list", name)
		return nil
	}
	var list []string
	for _, item := range n.Content {
		list = append(list, node{item, n.violations}.text(name))
	}
	return list
}

// first returns the first of the nodes that the document has.
func first(nodes ...node) node {
	for _, n := range nodes {
		if n.Node != nil {
			return n
		}
	}
	return nodes[0]
}

// findAlias returns an alias below n, or nil.
func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, child := range n.Content {
		if alias := findAlias(child); alias != nil {
			return alias
		}
	}
	return nil
}
