package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/client"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sent is a request of so many milliseconds after the end of the fault; before it, if that is negative.
func sent(milliseconds, status int) request {
	at := began.Add(10*time.Second + time.Duration(milliseconds)*time.Millisecond)
	return request{begun: at, took: time.Millisecond, status: status}
}

// suffered returns the outcome of a fault of ten seconds, with a request each 100 ms for ten seconds afterwards, of
// which those in failures fail.
func suffered(failures ...int) *outcome {
	o := &outcome{fault: fault{title: "a fault"}, began: began, ended: began.Add(10 * time.Second)}
	for at := 0; at < 10_000; at += 100 {
		status := 200
		if slices.Contains(failures, at) {
			status = 503
		}
		o.requests = append(o.requests, sent(at, status))
	}
	return o
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	var all []int
	for at := 0; at < 10_000; at += 100 {
		all = append(all, at)
	}
	for name, c := range map[string]struct {
		failures []int
		want     time.Duration
		ok       bool
	}{
		"at once":                       {nil, 0, true},
		"one request":                   {[]int{0}, 0, true},
		"for a while":                   {[]int{0, 300, 1200}, 1200 * time.Millisecond, true},
		"an error after a good second":  {[]int{0, 300, 2000}, 300 * time.Millisecond, true},
		"an error just before the last": {[]int{900, 1800, 2700, 3600, 4500, 5400}, 5400 * time.Millisecond, true},
		"never":                         {all, 0, false},
	} {
		took, ok := suffered(c.failures...).recovery()
		if ok != c.ok || ok && took != c.want {
			t.Errorf("%s: %s, %t; want %s, %t", name, took, ok, c.want, c.ok)
		}
	}
}

// Each broken promise is reported, and what a fault may cause is not.
func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*outcome){
		"": func(o *outcome) { o.requests = append(o.requests, sent(-500, 503), sent(-400, 504)) },
		"2 acknowledged writes were lost": func(o *outcome) {
			o.compare(map[string]*write{"a": {acknowledged: 1}, "b": {acknowledged: 1}, "c": {}}, nil)
		},
		"1 writes were stored twice": func(o *outcome) {
			o.compare(map[string]*write{"a": {}, "b": {acknowledged: 1}}, map[string]int{"a": 2, "b": 1})
		},
		"1 writes were stored, although": func(o *outcome) {
			o.compare(map[string]*write{"a": {refused: true}, "b": {}}, map[string]int{"a": 1, "b": 1})
		},
		"1 writes with an Idempotency-Key never succeeded": func(o *outcome) {
			o.compare(map[string]*write{"a": {keyed: true}}, map[string]int{"a": 1})
		},
		"not healthy within 5s": func(o *outcome) {
			o.requests = suffered(900, 1800, 2700, 3600, 4500, 5400).requests
		},
		"returned 500": func(o *outcome) {
			o.requests = append(o.requests, request{begun: began, status: 500, wrong: "POST /post returned 500"})
		},
		"a request failed before it with 503": func(o *outcome) {
			o.requests = append(o.requests, sent(-10_500, 503))
		},
		"the fault had no effect": func(o *outcome) { o.fault.interrupts = true },
		"1 reads failed": func(o *outcome) {
			o.fault.reads = true
			o.requests = append(o.requests, request{begun: began, read: true, status: 503})
		},
	} {
		o := suffered()
		change(o)
		got := strings.Join(o.broken(), "; ")
		if !strings.Contains(got, want) || want == "" && got != "" || strings.Contains(got, "; ") {
			t.Errorf("reported %q, want %q alone", got, want)
		}
	}
}

func TestUnexpected(t *testing.T) {
	t.Parallel()
	retry := map[string][]string{"Retry-After": {"1"}}
	for want, response := range map[string]client.Response{
		"":                      {Status: 503, Header: retry},
		"without Retry-After":   {Status: 503},
		"returned 500: a cause": {Status: 500, Body: []byte(`{"hint":"a cause"}`)},
	} {
		got := unexpected(client.Request{Method: "GET", Path: "/post"}, response)
		if !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%d: %q, want %q", response.Status, got, want)
		}
	}
	if got := unexpected(client.Request{Method: "GET", Path: "/post"}, client.Response{Status: 504}); got != "" {
		t.Errorf("504: %q", got)
	}
}
