// Package core has the cases of the profile core: what the specification itself demands of every
// minifb. Routes and members are called as a file of names says.
package core

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

// Names say what an implementation calls its routes and members.
type Names struct {
	// Routes are the method and the path of each route. {id} is the id of a post, comment or
	// notification, {user} that of a user, and any other word in braces is a value that the body would
	// have by this name. An empty text: there is no such route, and its cases are not run.
	Routes map[string]string `json:"routes"`
	// Members are the names in bodies. In responses a name may be a path, such as "owner.id".
	Members map[string]string `json:"members"`
	// Token says where the response to a sign-in has the token, and in which header it is sent.
	Token struct {
		Member string `json:"member"`
		Header string `json:"header"`
	} `json:"token"`
	// Lists say what a page looks like. An empty Items: the body is the array itself.
	Lists struct {
		Items string `json:"items"`
		Size  string `json:"size"`       // the parameter for the number of items
		Next  string `json:"next"`       // the member that has the path of the next page; or empty, and then
		Page  string `json:"page"`       // the parameter for the number of a page
		First int    `json:"first_page"` // the number of the first page
	} `json:"lists"`
}

//go:embed names.json
var ours []byte

// Default returns the names of this project.
func Default() *Names {
	names, err := Parse(ours)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return names
}

var routePattern = regexp.MustCompile(`^[A-Z]+ /\S*$`)

// Parse reads a file of names, which must have all that names.json has.
func Parse(text []byte) (*Names, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	n := &Names{}
	if err := decoder.Decode(n); err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf("names: "+format, args...)) }
	for name, route := range n.Routes {
		if route != "" && !routePattern.MatchString(route) {
			problem("the route %s must be like GET /post/{id}", name)
		}
	}
	full := struct{ Routes, Members map[string]any }{}
	if err := json.Unmarshal(ours, &full); err != nil {
		return nil, err
	}
	problems = append(problems, compare("route", full.Routes, n.Routes), compare("member", full.Members, n.Members))
	if !strings.Contains(n.Token.Header, ": ") || !strings.Contains(n.Token.Header, "{token}") {
		problem(`token.header must be like "Authorization: Bearer {token}"`)
	}
	if n.Lists.Size == "" {
		problem("lists.size must be a parameter such as size")
	}
	if n.Lists.Next == "" && n.Lists.Page == "" {
		problem("lists need next or page")
	}
	return n, errors.Join(problems...)
}

// compare returns an error unless got has the names of want.
func compare(kind string, want map[string]any, got map[string]string) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			problems = append(problems, fmt.Errorf("names: the %s %s is missing", kind, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			problems = append(problems, fmt.Errorf("names: there is no %s %s", kind, name))
		}
	}
	return errors.Join(problems...)
}

// values are what a request has in its path or its body, by the names of names.json.
type values map[string]any

// request returns the request for a route. Values that the path names are put there, the others
// into the body.
func (n *Names) request(route string, u *check.User, v values) check.Request {
	r := check.Request{Do: n.Routes[route]}
	if u != nil {
		r.Header = []string{strings.ReplaceAll(n.Token.Header, "{token}", u.Access)}
	}
	body := check.JSON{}
	for name, value := range v {
		called := name
		if member, ok := n.Members[name]; ok && name != "id" {
			called = member
		}
		placeholder := "{" + called + "}"
		if strings.Contains(r.Do, placeholder) {
			r.Do = strings.ReplaceAll(r.Do, placeholder, fmt.Sprint(value))
		} else {
			body[called] = value
		}
	}
	if len(body) > 0 {
		r.Body = body
	}
	return r
}

// page returns a request for a page of a list.
func (n *Names) page(r check.Request, size, number int) check.Request {
	separator := "?"
	if strings.Contains(r.Do, "?") {
		separator = "&"
	}
	r.Do += fmt.Sprintf("%s%s=%d", separator, n.Lists.Size, size)
	if n.Lists.Next == "" {
		r.Do += fmt.Sprintf("&%s=%d", n.Lists.Page, n.Lists.First+number)
	}
	return r
}
