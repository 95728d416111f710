// Package check runs cases against a server. A case sends requests and compares the responses with
// what a rule says. The package knows HTTP and JSON, and nothing of any route.
package check

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// A Case checks one rule. Cases are independent of each other and run in any order, several at a
// time.
type Case struct {
	Name  string // an area and words, such as "post/create: no token"
	Rule  string // the rule, as one sentence, for the report
	Admin bool   // needs the administrator
	Run   func(*T)
}

// caseTimeout limits one case.
const caseTimeout = 60 * time.Second

// A T is the run of one case. Its methods end the case at the first failure.
type T struct {
	ctx      context.Context
	run      *run
	rule     string
	last     *Response // the last response, which a failure shows
	borrowed []*User
	// private is set while the administrator signs in: a failure then shows neither the request's body nor the
	// response, because the one has the password, and the other the tokens, under whatever names.
	private bool
}

// A Failure says how the responses differ from a rule.
type Failure struct {
	Case     string `json:"case"`
	Rule     string `json:"rule"`
	Request  string `json:"request"`
	Expected string `json:"expected"`
	Got      string `json:"got"`

	// Busy says that the last response was 503 or 504: it may be that the server has too much to do.
	Busy bool `json:"-"`
}

// stopped is what a T panics with to end its case. Its failure is nil if the whole run is to end.
type stopped struct{ failure *Failure }

// Failf ends the case. The request and the response that are reported are the last ones.
func (t *T) Failf(expected, got string, args ...any) {
	f := &Failure{Rule: t.rule, Expected: t.run.hide(expected), Got: t.run.hide(fmt.Sprintf(got, args...))}
	if t.last != nil {
		f.Request = t.last.request.describe(t.run.hide)
		f.Got += "\n" + t.last.describe(t.run.hide)
		f.Busy = t.last.Status == http.StatusServiceUnavailable || t.last.Status == http.StatusGatewayTimeout
		if t.private {
			f.Request = t.run.hide(t.last.request.Do) + ", to sign the administrator in"
			f.Got = fmt.Sprintf("something else, with the status %d; the rest is not shown", t.last.Status)
		}
	}
	panic(stopped{f})
}

// Rule sets the rule for what follows in the case.
func (t *T) Rule(rule string) { t.rule = rule }

// Equal ends the case unless got is want.
func Equal[V comparable](t *T, what string, got, want V) {
	if got != want {
		t.Failf(fmt.Sprintf("%s: %v", what, want), "%s: %v", what, got)
	}
}

// Eventually calls done until it returns true, and ends the case if a call that began after limit does not. A call that
// began before says nothing: its requests may have been slow.
func (t *T) Eventually(limit time.Duration, expected string, done func() bool) {
	deadline := time.Now().Add(limit)
	for begun := time.Now(); !done(); begun = time.Now() {
		if begun.After(deadline) {
			t.Failf(expected, "not within %v", limit)
		}
		select {
		case <-t.ctx.Done():
			t.Failf(expected, "the case ran out of time")
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// do runs a case and returns its failure, or nil.
func (r *run) do(ctx context.Context, c Case) (failure *Failure) {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	t := &T{ctx: ctx, run: r, rule: c.Rule}
	defer func() {
		switch cause := recover().(type) {
		case nil:
			r.giveBack(t.borrowed) // after a failure, nothing is known of their state
		case stopped:
			if failure = cause.failure; failure != nil {
				failure.Case = c.Name
			}
		default:
			panic(cause)
		}
	}()
	c.Run(t)
	return nil
}
