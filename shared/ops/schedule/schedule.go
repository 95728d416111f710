// Package schedule calls the schedules of functions where neither systemd nor Lambda does.
package schedule

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// Options are what a Caller needs.
type Options struct {
	Template *sam.Template
	Socket   func(area string) string // the path of the function's socket
	Running  func(area string) bool   // whether a process would serve a call; nil if there always is one
	Logf     func(format string, args ...any)
}

// A Caller calls the schedules of a template's functions: each at the start and then in its interval.
// It calls none of cron(…), whose times only systemd and Lambda know.
type Caller struct {
	o      Options
	cancel context.CancelFunc
	calls  sync.WaitGroup
}

// Start starts to call the schedules, until Stop.
func Start(o Options) *Caller {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Caller{o: o, cancel: cancel}
	for _, f := range o.Template.Functions {
		for _, s := range f.Schedules {
			if interval, ok := render.Interval(s); ok {
				c.calls.Go(func() { c.callRepeatedly(ctx, f, s, interval) })
			} else {
				o.Logf("%s: the schedule %s is not called here: only systemd and Lambda know the times of %s",
					f.Area, s.Name, s.Expression)
			}
		}
	}
	return c
}

// Stop ends the calls under way, and returns when no more will come. A nil Caller has none.
func (c *Caller) Stop() {
	if c != nil {
		c.cancel()
		c.calls.Wait()
	}
}

// callRepeatedly calls a schedule until ctx is done. It reports a failure when it differs from the
// last one.
func (c *Caller) callRepeatedly(ctx context.Context, f sam.Function, s sam.Schedule, interval time.Duration) {
	socket := c.o.Socket(f.Area)
	client := &http.Client{Timeout: f.Timeout + time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	for last := ""; ; {
		failure := ""
		if c.o.Running == nil || c.o.Running(f.Area) {
			if err := call(ctx, client, render.SchedulePath(s)); err != nil {
				failure = err.Error()
			}
		}
		if failure != "" && failure != last && ctx.Err() == nil {
			c.o.Logf("%s: %s", f.Area, failure)
		}
		last = failure
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

// call sends the request of a schedule. A status other than 200 is an error, with the response's
// body.
func call(ctx context.Context, client *http.Client, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return err
}
