package trial

import (
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/client"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// after returns a request each 100 ms for ten seconds after an outage, of which those at failures fail.
func after(failures []int) (requests []Ended) {
	for at := 0; at < 10_000; at += 100 {
		status := 200
		if slices.Contains(failures, at) {
			status = 503
		}
		requests = append(requests, Ended{Begun: began.Add(time.Duration(at) * time.Millisecond), Status: status})
	}
	return requests
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
		took, ok := Recovery(after(c.failures), began)
		if ok != c.ok || ok && took != c.want {
			t.Errorf("%s: %s, %t; want %s, %t", name, took, ok, c.want, c.ok)
		}
	}
}

// Each broken promise is reported, and what an outage may cause is not.
func TestWritesAreCompared(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		writes map[string]*write
		stored map[string]int
	}{
		"": {map[string]*write{"a": {acknowledged: 1}, "b": {}, "c": {refused: true}}, map[string]int{"a": 1, "b": 1}},
		"2 acknowledged writes were lost": {
			map[string]*write{"a": {acknowledged: 1}, "b": {acknowledged: 1}, "c": {}}, nil,
		},
		"1 writes were stored twice": {
			map[string]*write{"a": {}, "b": {acknowledged: 1}}, map[string]int{"a": 2, "b": 1},
		},
		"1 writes were stored, although": {
			map[string]*write{"a": {refused: true}, "b": {}}, map[string]int{"a": 1, "b": 1},
		},
		"1 writes with an Idempotency-Key never succeeded": {
			map[string]*write{"a": {keyed: true}}, map[string]int{"a": 1},
		},
	} {
		record := NewRecord(nil)
		record.writes = c.writes
		got := strings.Join(record.Compare(c.stored).Broken(), "; ")
		if !strings.Contains(got, want) || want == "" && got != "" || strings.Contains(got, "; ") {
			t.Errorf("reported %q, want %q alone", got, want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	requests := []Ended{
		{Status: 200, Took: time.Second}, {Status: 503}, {Status: 503}, {Status: 504}, {Status: 500, Wrong: "a"},
		{Wrong: "b"}, {Wrong: "b"},
	}
	if n := Count(requests); n != (Results{7, 2, 1, 1, 2}) || n.Failed() != 6 {
		t.Errorf("counted %+v, %d failed", n, n.Failed())
	}
	if got := strings.Join(Wrong(requests), " "); got != "a b" || Longest(requests) != time.Second {
		t.Errorf("wrong are %q, and the longest took %s", got, Longest(requests))
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
