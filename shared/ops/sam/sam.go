// Package sam reads template.yaml, the AWS SAM template that is the only list of functions and routes.
package sam

import (
	"fmt"
	"net/netip"
	"os"
	"time"
)

// A Template is what the template says of parameters and functions, each in the file's order.
type Template struct {
	Parameters []Parameter
	Functions  []Function
}

// A Parameter is a value that whoever deploys the template gives.
type Parameter struct {
	Name          string
	Description   string
	Default       string
	HasDefault    bool // tells an empty default from none
	NoEcho        bool // a secret
	AllowedValues []string
}

// A Function is one AWS::Serverless::Function, with what Globals say of all merged in.
type Function struct {
	Name          string // its logical name, such as Post
	Area          string // Name in lower case: its folder under functions/, and its binary's name
	Description   string
	CodeURI       string
	Handler       string
	Runtime       string
	Architectures []string
	BuildMethod   string        // from Metadata; "makefile" here
	MemoryMB      int           // 128 to 10240
	Timeout       time.Duration // 1 s to 15 min
	Env           []Variable    // the global ones first
	Routes        []Route
	Schedules     []Schedule
	// Allow are the addresses whose callers nginx lets through to this function, from Metadata; none: everybody's.
	// API Gateway knows nothing of it.
	Allow []netip.Prefix
}

// A Variable is one of a function's environment. At most one of Ref and Intrinsic is set.
type Variable struct {
	Name      string
	Ref       string // the parameter (or resource) that !Ref names
	Intrinsic string // Sub, GetAtt and the like, which CloudFormation alone can work out
	Value     string // as written, where neither of the above is set
}

// A Route is a method and a path that one function answers.
type Route struct {
	Method string // in capitals
	Path   string // such as /post/{id}
}

// String is the route as http.ServeMux takes it: "GET /post/{id}".
func (r Route) String() string { return r.Method + " " + r.Path }

// A Schedule is an event that starts a function by the clock.
type Schedule struct {
	Name       string // the event's name within its function
	Expression string // rate(5 minutes), or cron(…)
}

// Load reads the template at path. Its error names the file, and a line where one is to blame.
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

// Function finds a function by its area.
func (t *Template) Function(area string) (Function, bool) {
	for _, f := range t.Functions {
		if f.Area == area {
			return f, true
		}
	}
	return Function{}, false
}

// Parameter finds a parameter by its name.
func (t *Template) Parameter(name string) (Parameter, bool) {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

// Environment is what a function is started with, as "NAME=value": value answers a parameter's value and whether it has one.
// A parameter without one takes its default; a variable that is still without a value is left out, as are
// those that CloudFormation alone can work out.
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
