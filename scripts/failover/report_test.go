package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/trial"
)

var killed = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sent is a write so many milliseconds after the kill; before it, if that is negative.
func sent(milliseconds, status int) trial.Ended {
	return trial.Ended{
		Begun: killed.Add(time.Duration(milliseconds) * time.Millisecond), Took: time.Millisecond, Status: status,
	}
}

// suffered returns the outcome of a failover in which writes fail from the kill until so many milliseconds later.
func suffered(until int) *outcome {
	o := &outcome{
		settings: settings{sync: true, promote: 2 * time.Second},
		killed:   killed, promoting: killed.Add(2 * time.Second), promoted: killed.Add(2100 * time.Millisecond),
	}
	for at := -1000; at < 20_000; at += 100 {
		status := 201
		if at >= 0 && at < until {
			status = 503
		}
		o.requests = append(o.requests, sent(at, status))
	}
	return o
}

// Each broken promise is reported, and what a failover may cause is not.
func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		until  int
		change func(*outcome)
		want   []string
	}{
		{"good", 2300, func(*outcome) {}, nil},
		{"lost", 2300, func(o *outcome) { o.writes.Lost = 3 }, []string{"3 acknowledged writes were lost"}},
		{"lost without SYNC", 2300, func(o *outcome) { o.sync, o.writes.Lost = false, 3 }, nil},
		{"doubled", 2300, func(o *outcome) { o.writes.Doubled = 1 }, []string{"1 writes were stored twice"}},
		{
			"doubled without SYNC", 2300, func(o *outcome) { o.sync, o.writes.Doubled = false, 1 },
			[]string{"1 writes were stored twice"},
		},
		{
			"late", 7200, func(*outcome) {},
			[]string{"no write succeeded within 7s", "requests failed for more than 5s after the promotion"},
		},
		{
			"never", 20_000, func(*outcome) {},
			[]string{"no write succeeded within 7s", "requests failed for more than 5s after the promotion"},
		},
		{
			"another status", 2300, func(o *outcome) {
				r := sent(1000, 500)
				r.Wrong = "POST /post returned 500"
				o.requests = append(o.requests, r)
			}, []string{"POST /post returned 500"},
		},
		{
			"before the kill", 2300, func(o *outcome) { o.requests = append(o.requests, sent(-500, 503)) },
			[]string{"a request failed before the kill with 503 "},
		},
	} {
		o := suffered(c.until)
		c.change(o)
		if got := o.summarize(io.Discard); !slices.Equal(got, c.want) {
			t.Errorf("%s: reported %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTimesArePrinted(t *testing.T) {
	t.Parallel()
	o := suffered(2300)
	o.requests = append(o.requests, sent(500, 0), sent(1900, 201)) // an acknowledgement of the primary's last moment
	o.writes.Acknowledged = 190
	var output strings.Builder
	o.summarize(&output)
	for _, want := range []string{
		"\n201 Created              ", "\n503 Service Unavailable  23 ", "\nno response              1 ",
		"writes again after       2.3 s\n", "last failed request at   2.2 s\n", "acknowledged writes      190\n",
	} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, output.String())
		}
	}
}
