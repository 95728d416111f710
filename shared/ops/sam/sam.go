// Package sam reads template.yaml, the AWS SAM template that is the only list of functions and
// routes. It reads and checks what this module's programs use; `sam validate --lint` checks the
// rest.
package sam

import (
	"fmt"
	"net/netip"
	"os"
	"time"
)

// A Template has the template's parameters and functions, each in the file's order.
type Template struct {
	Parameters []Parameter
	Functions  []Function
}

// A Parameter is a value that is set when the template is deployed.
type Parameter struct {
	Name       string
	Default    string
	HasDefault bool // distinguishes an empty default from a missing one
}

// A Function is one AWS::Serverless::Function, with the properties of Globals merged in.
type Function struct {
	Name          string // its logical name, such as Post
	Area          string // Name in lower case: its folder under functions/, and its binary's name
	Description   string
	Architectures []string      // such as arm64
	MemoryMB      int           // 128 to 10240
	Timeout       time.Duration // 1 s to 15 min
	Env           []Variable    // those of Globals first
	Routes        []Route
	Schedules     []Schedule
	// Allow lists the client addresses that nginx passes to this function, from Metadata. Without
	// any, nginx passes all. API Gateway does not read it.
	Allow []netip.Prefix
}

// A Variable is one variable of a function's environment. At most one of Ref and Intrinsic is set.
type Variable struct {
	Name      string
	Ref       string // the parameter or resource that !Ref names
	Intrinsic string // another intrinsic function, such as Sub or GetAtt, which only CloudFormation can evaluate
	Value     string // the literal value, where neither of the above is set
}

// A Route is a method and a path that one function serves.
type Route struct {
	Method string // in capitals
	Path   string // such as /post/{id}
}

// String returns the route as a pattern of http.ServeMux: "GET /post/{id}".
func (r Route) String() string { return r.Method + " " + r.Path }

// A Schedule is an event that calls a function at given times.
type Schedule struct {
	Name       string // the event's name within its function
	Expression string // rate(5 minutes), or cron(…)
	// Every is the pause between two calls outside Lambda, from EverySeconds in Metadata, where Lambda
	// has the rate. 0: Expression holds everywhere.
	Every time.Duration
}

// Load reads and checks the template at path. See Parse for its errors.
func Load(path string) (*Template, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	t, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Function returns the function of an area.
func (t *Template) Function(area string) (Function, bool) {
	for _, f := range t.Functions {
		if f.Area == area {
			return f, true
		}
	}
	return Function{}, false
}

// Parameter returns the parameter with this name.
func (t *Template) Parameter(name string) (Parameter, bool) {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

// Environment returns a function's environment as "NAME=value". value returns a parameter's value,
// and whether it has one; a parameter without a value has its default. A variable without either is
// left out, and so is one that only CloudFormation can evaluate.
func (t *Template) Environment(f Function, value func(parameter string) (string, bool)) []string {
	var environment []string
	for _, v := range f.Env {
		switch {
		case v.Intrinsic != "":
			continue
		case v.Ref == "":
			environment = append(environment, v.Name+"="+v.Value)
			continue
		}
		if s, ok := value(v.Ref); ok {
			environment = append(environment, v.Name+"="+s)
		} else if p, ok := t.Parameter(v.Ref); ok && p.HasDefault {
			environment = append(environment, v.Name+"="+p.Default)
		}
	}
	return environment
}
