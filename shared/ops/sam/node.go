package sam

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A node is a value of the document, or nothing where it was not written. Its methods write what is wrong into faults, so
// that one reading finds all.
type node struct {
	*yaml.Node
	faults *faults
}

type faults []error

func (f *faults) add(n *yaml.Node, format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if n != nil && n.Line > 0 {
		err = fmt.Errorf("line %d: %w", n.Line, err)
	}
	*f = append(*f, err)
}

type pair struct {
	key   string
	at    *yaml.Node
	value node
}

// intrinsic is the function of CloudFormation that n calls, such as Ref or Sub, and its argument: !Ref X, or {Ref: X}.
func (n node) intrinsic() (name string, argument node) {
	switch {
	case n.Node == nil:
		return "", node{}
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && len(n.Tag) > 1:
		return n.Tag[1:], n
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		key := n.Content[0].Value
		if short, ok := strings.CutPrefix(key, "Fn::"); ok || key == "Ref" || key == "Condition" {
			return short, node{n.Content[1], n.faults}
		}
	}
	return "", node{}
}

// pairs are a mapping's keys and values as written. Keys that are there twice are a fault.
func (n node) pairs(what string) []pair {
	if n.Node == nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		n.faults.add(n.Node, "%s must be a mapping", what)
		return nil
	}
	var pairs []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := n.Content[i]
		if seen[at.Value] {
			n.faults.add(at, "%s has %q twice", what, at.Value)
			continue
		}
		seen[at.Value] = true
		pairs = append(pairs, pair{at.Value, at, node{n.Content[i+1], n.faults}})
	}
	return pairs
}

// get is the value of a mapping's key; nothing where n is no mapping or has no such key.
func (n node) get(key string) node {
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return node{nil, n.faults}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return node{n.Content[i+1], n.faults}
		}
	}
	return node{nil, n.faults}
}

// text is a plain value as written; "" where there is none, or CloudFormation works it out.
func (n node) text(what string) string {
	if n.Node == nil || n.Tag == "!!null" {
		return ""
	}
	if name, _ := n.intrinsic(); name != "" {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		n.faults.add(n.Node, "%s must be a single value", what)
		return ""
	}
	return n.Value
}

// number is an integer from least to most, or otherwise where none is written.
func (n node) number(what string, least, most, otherwise int) int {
	s := n.text(what)
	if s == "" {
		return otherwise
	}
	i, err := strconv.Atoi(s)
	if err != nil || i < least || i > most {
		n.faults.add(n.Node, "%s must be a whole number from %d to %d", what, least, most)
		return otherwise
	}
	return i
}

// list is a sequence of plain values.
func (n node) list(what string) []string {
	if n.Node == nil || n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		n.faults.add(n.Node, "%s must be a list", what)
		return nil
	}
	var list []string
	for _, item := range n.Content {
		list = append(list, node{item, n.faults}.text(what))
	}
	return list
}

// first is the first of the nodes that was written.
func first(nodes ...node) node {
	for _, n := range nodes {
		if n.Node != nil {
			return n
		}
	}
	return nodes[0]
}
