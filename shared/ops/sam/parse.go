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

// Parse reads and checks a template. Its error lists every violation, with its line: a malformed
// route or one with two owners, a function without an event, a variable that refers to an unknown
// parameter.
func Parse(content []byte) (*Template, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("the template is not valid YAML: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errors.New("the template is empty")
	}
	var found violations
	root := node{document.Content[0], &found}
	if alias := findAlias(root.Node); alias != nil {
		found.add(alias, "anchors and aliases are not supported; repeat the value")
		return nil, found.err()
	}
	root.pairs("the template")
	t := &Template{Parameters: root.parameters()}
	globals := root.get("Globals").get("Function")
	resources := root.get("Resources").pairs("Resources")
	known := map[string]bool{}
	for _, p := range t.Parameters {
		known[p.Name] = true
	}
	for _, p := range resources {
		known[p.key] = true
	}
	checkReferences(globals, known)
	for _, p := range resources {
		if p.value.get("Type").text("Type") == functionType {
			checkReferences(p.value.get("Properties"), known)
			t.Functions = append(t.Functions, p.function(globals))
		}
	}
	if len(t.Functions) == 0 {
		found.add(nil, "Resources has no %s", functionType)
	}
	t.checkOwners(&found)
	if err := found.err(); err != nil {
		return nil, err
	}
	return t, nil
}

func (n node) parameters() []Parameter {
	var parameters []Parameter
	for _, p := range n.get("Parameters").pairs("Parameters") {
		name := "the parameter " + p.key
		p.value.pairs(name)
		byDefault := p.value.get("Default")
		parameters = append(parameters, Parameter{p.key, byDefault.text(name), byDefault.Node != nil})
	}
	return parameters
}

// function reads a function. A property that it does not have itself comes from globals.
func (p pair) function(globals node) Function {
	name := "the function " + p.key
	p.value.pairs(name)
	own := p.value.get("Properties")
	own.pairs("Properties of " + name)
	property := func(key string) node { return first(own.get(key), globals.get(key)) }
	f := Function{
		Name:          p.key,
		Area:          strings.ToLower(p.key),
		Description:   own.get("Description").text("Description of " + name),
		Architectures: property("Architectures").list("Architectures of " + name),
		MemoryMB:      property("MemorySize").number("MemorySize of "+name, 128, 10240, 128),
		Timeout:       time.Duration(property("Timeout").number("Timeout of "+name, 1, 900, 3)) * time.Second,
	}
	if !logicalName.MatchString(p.key) {
		own.violations.add(p.at, "a function's name is made of letters and digits; %q is not", p.key)
	}
	f.allow(p.value.get("Metadata").get("Allow"))
	f.variables(globals.get("Environment").get("Variables"))
	f.variables(own.get("Environment").get("Variables"))
	for _, event := range own.get("Events").pairs("Events of " + name) {
		f.event(event)
	}
	f.every(p.value.get("Metadata").get("EverySeconds"))
	if len(f.Routes)+len(f.Schedules) == 0 {
		own.violations.add(p.at, "%s has neither a route nor a schedule", name)
	}
	return f
}

// allow reads the list of client addresses: prefixes or single addresses.
func (f *Function) allow(n node) {
	for _, address := range n.list("Allow of " + f.Name) {
		prefix, err := netip.ParsePrefix(address)
		if single, singleErr := netip.ParseAddr(address); singleErr == nil {
			prefix, err = netip.PrefixFrom(single, single.BitLen()), nil
		}
		if err != nil {
			n.violations.add(n.Node, "Allow of %s has %q, which is not an address such as 10.0.0.0/8", f.Name, address)
		}
		f.Allow = append(f.Allow, prefix)
	}
}

// every reads how often the function's schedules are called outside Lambda. Those of cron(…) keep
// their times.
func (f *Function) every(n node) {
	seconds := n.number("EverySeconds of "+f.Name, 1, 86400, 0)
	for i, s := range f.Schedules {
		if strings.HasPrefix(s.Expression, "rate(") {
			f.Schedules[i].Every = time.Duration(seconds) * time.Second
		}
	}
}

// variables adds variables to the environment. One that is there already is replaced, and keeps its
// position.
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
			n.violations.add(p.at, "Lambda does not accept %q as the name of a variable", p.key)
		}
		if i := slices.IndexFunc(f.Env, func(e Variable) bool { return e.Name == p.key }); i >= 0 {
			f.Env[i] = v
		} else {
			f.Env = append(f.Env, v)
		}
	}
}

// event reads a route or a schedule.
func (f *Function) event(p pair) {
	name := fmt.Sprintf("the event %s of %s", p.key, f.Name)
	p.value.pairs(name)
	properties := p.value.get("Properties")
	properties.pairs("Properties of " + name)
	switch kind := p.value.get("Type").text("Type of " + name); kind {
	case "HttpApi", "Api":
		r := Route{properties.get("Method").text("Method of " + name), properties.get("Path").text("Path of " + name)}
		if err := r.check(); err != nil {
			properties.violations.add(p.at, "%s: %w", name, err)
			return
		}
		f.Routes = append(f.Routes, r)
	case "Schedule", "ScheduleV2":
		written := first(properties.get("Schedule"), properties.get("ScheduleExpression")).text("Schedule of " + name)
		if !expression.MatchString(written) {
			properties.violations.add(p.at, "%s: write its Schedule as rate(5 minutes) or cron(0 3 * * ? *)", name)
			return
		}
		f.Schedules = append(f.Schedules, Schedule{Name: p.key, Expression: written})
	default:
		properties.violations.add(p.at, "%s: its Type is %q; it must be HttpApi, Schedule or ScheduleV2", name, kind)
	}
}
