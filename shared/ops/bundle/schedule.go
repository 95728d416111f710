package bundle

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// scheduleInterval is the pause between two calls of a schedule. It is shorter than the template's,
// so that a mail comes soon.
const scheduleInterval = 10 * time.Second

// startSchedules starts to call the template's schedules, until stopSchedules.
func (b *Bundle) startSchedules() {
	ctx, cancel := context.WithCancel(context.Background())
	b.cancelSchedules = cancel
	for _, f := range b.Template.Functions {
		for _, s := range f.Schedules {
			b.schedules.Go(func() { b.callRepeatedly(ctx, f, s) })
		}
	}
}

// stopSchedules ends the calls under way, and returns when no more will come.
func (b *Bundle) stopSchedules() {
	if b.cancelSchedules != nil {
		b.cancelSchedules()
		b.schedules.Wait()
	}
}

// callRepeatedly calls a schedule until ctx is done. It reports a failure when it differs from the
// last one.
func (b *Bundle) callRepeatedly(ctx context.Context, f sam.Function, s sam.Schedule) {
	socket := b.dir.socket(f.Area)
	client := &http.Client{Timeout: f.Timeout + time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	for last := ""; ; {
		failure := ""
		if err := call(ctx, client, render.SchedulePath(s)); err != nil {
			failure = err.Error()
		}
		if failure != "" && failure != last && ctx.Err() == nil {
			b.o.Logf("%s: %s", f.Area, failure)
		}
		last = failure
		select {
		case <-ctx.Done():
			return
		case <-time.After(scheduleInterval):
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
