package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/trial"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sent is a request of so many milliseconds after the end of the fault; before it, if that is negative.
func sent(milliseconds, status int) trial.Ended {
	at := began.Add(10*time.Second + time.Duration(milliseconds)*time.Millisecond)
	return trial.Ended{Begun: at, Took: time.Millisecond, Status: status}
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

// Each broken promise is reported, and what a fault may cause is not.
func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*outcome){
		"": func(o *outcome) {
			o.requests = append(o.requests, sent(-500, 503), sent(-400, 504))
		},
		"2 acknowledged writes were lost": func(o *outcome) { o.writes.Lost = 2 },
		"not healthy within 5s": func(o *outcome) {
			o.requests = suffered(900, 1800, 2700, 3600, 4500, 5400).requests
		},
		"returned 500": func(o *outcome) {
			o.requests = append(o.requests, trial.Ended{Begun: began, Status: 500, Wrong: "POST /post returned 500"})
		},
		"a request failed before it with 503": func(o *outcome) {
			o.requests = append(o.requests, sent(-10_500, 503))
		},
		"the fault had no effect": func(o *outcome) { o.fault.interrupts = true },
		"1 reads failed": func(o *outcome) {
			o.fault.reads = true
			o.requests = append(o.requests, trial.Ended{Begun: began, Read: true, Status: 503})
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
