package sam

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const functionType = "AWS::Serverless::Function"

var (
	logicalName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	expression   = regexp.MustCompile(`^(rate|cron)\([^()]+\)$`)
)

// Parse reads a template. It reports every fault that it finds at once: a route owned twice or badly written, a reference to
// nothing, a function that nothing calls.
func Parse(content []byte) (*Template, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("the template is no YAML: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errors.New("the template is empty")
	}
	var found faults
	root := node{document.Content[0], &found}
	if alias := findAlias(root.Node); alias != nil {
		found.add(alias, "anchors and aliases are not read here; write the value out")
		return nil, errors.Join(found...)
	}
	root.pairs("the template")
	t := &Template{Parameters: root.parameters()}
	globals := root.get("Globals").get("Function")
	resources := root.get("Resources").pairs("Resources")
	for _, p := range resources {
		if p.value.get("Type").text("Type") == functionType {
			t.Functions = append(t.Functions, p.function(globals))
		}
	}
	if len(t.Functions) == 0 {
		found.add(nil, "Resources has no %s", functionType)
	}
	t.checkOwners(&found)
	known := known{}
	for _, p := range t.Parameters {
		known[p.Name] = true
	}
	for _, p := range resources {
		known[p.key] = true
	}
	known.checkReferences(root, 0)
	if len(found) > 0 {
		return nil, errors.Join(found...)
	}
	return t, nil
}

func (n node) parameters() []Parameter {
	var parameters []Parameter
	for _, p := range n.get("Parameters").pairs("Parameters") {
		what := "the parameter " + p.key
		p.value.pairs(what)
		parameters = append(parameters, Parameter{
			Name:          p.key,
			Description:   p.value.get("Description").text(what),
			Default:       p.value.get("Default").text(what),
			HasDefault:    p.value.get("Default").Node != nil,
			NoEcho:        strings.EqualFold(p.value.get("NoEcho").text(what), "true"),
			AllowedValues: p.value.get("AllowedValues").list("AllowedValues of " + what),
		})
	}
	return parameters
}

func (p pair) function(globals node) Function {
	what := "the function " + p.key
	p.value.pairs(what)
	own := p.value.get("Properties")
	own.pairs("Properties of " + what)
	property := func(key string) node { return first(own.get(key), globals.get(key)) }
	f := Function{
		Name:          p.key,
		Area:          strings.ToLower(p.key),
		Description:   own.get("Description").text("Description of " + what),
		CodeURI:       property("CodeUri").text("CodeUri of " + what),
		Handler:       property("Handler").text("Handler of " + what),
		Runtime:       property("Runtime").text("Runtime of " + what),
		Architectures: property("Architectures").list("Architectures of " + what),
		BuildMethod:   p.value.get("Metadata").get("BuildMethod").text("BuildMethod of " + what),
		MemoryMB:      property("MemorySize").number("MemorySize of "+what, 128, 10240, 128),
		Timeout:       time.Duration(property("Timeout").number("Timeout of "+what, 1, 900, 3)) * time.Second,
	}
	if !logicalName.MatchString(p.key) {
		own.faults.add(p.at, "a function's name is letters and digits, which %q is not", p.key)
	}
	allow := p.value.get("Metadata").get("Allow")
	for _, address := range allow.list("Allow of " + what) {
		prefix, err := netip.ParsePrefix(address)
		if single, fault := netip.ParseAddr(address); fault == nil {
			prefix, err = netip.PrefixFrom(single, single.BitLen()), nil
		}
		if err != nil {
			allow.faults.add(allow.Node, "Allow of %s has %q, which is no address such as 10.0.0.0/8", what, address)
		}
		f.Allow = append(f.Allow, prefix)
	}
	f.variables(globals.get("Environment").get("Variables"))
	f.variables(own.get("Environment").get("Variables"))
	for _, event := range own.get("Events").pairs("Events of " + what) {
		f.event(event)
	}
	if len(f.Routes)+len(f.Schedules) == 0 {
		own.faults.add(p.at, "%s has neither a route nor a schedule", what)
	}
	return f
}

// variables adds to the environment; what is there already is replaced in its place.
func (f *Function) variables(n node) {
	for _, p := range n.pairs("Variables of " + f.Name) {
		v := Variable{Name: p.key}
		switch name, argument := p.value.intrinsic(); name {
		case "":
			v.Value = p.value.text(p.key)
		case "Ref":
			v.Ref = argument.Value
		default:
			v.Intrinsic = name
		}
		if !variableName.MatchString(p.key) {
			n.faults.add(p.at, "%q cannot be the name of a variable on Lambda", p.key)
		}
		if i := slices.IndexFunc(f.Env, func(e Variable) bool { return e.Name == p.key }); i >= 0 {
			f.Env[i] = v
		} else {
			f.Env = append(f.Env, v)
		}
	}
}

func (f *Function) event(p pair) {
	what := fmt.Sprintf("the event %s of %s", p.key, f.Name)
	p.value.pairs(what)
	properties := p.value.get("Properties")
	properties.pairs("Properties of " + what)
	switch kind := p.value.get("Type").text("Type of " + what); kind {
	case "HttpApi", "Api":
		r := Route{properties.get("Method").text("Method of " + what), properties.get("Path").text("Path of " + what)}
		if err := r.check(); err != nil {
			properties.faults.add(p.at, "%s: %w", what, err)
			return
		}
		f.Routes = append(f.Routes, r)
	case "Schedule", "ScheduleV2":
		s := Schedule{p.key, first(properties.get("Schedule"), properties.get("ScheduleExpression")).text("Schedule of " + what)}
		if !expression.MatchString(s.Expression) {
			properties.faults.add(p.at, "%s: write its Schedule as rate(5 minutes) or cron(0 3 * * ? *)", what)
			return
		}
		f.Schedules = append(f.Schedules, s)
	default:
		properties.faults.add(p.at, "%s: its Type is %q; HttpApi, Schedule and ScheduleV2 are known here", what, kind)
	}
}

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
