package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// maxFalseStarts is how many processes may die before AwaitReady gives the unit up.
	maxFalseStarts = 3
	// readyTimeout is short: a connection waits in the held socket even when the process behind it
	// has died.
	readyTimeout = 500 * time.Millisecond
)

// AwaitReady waits until the unit's GET /readyz returns 200. It gives up after atMost, or when
// three processes have died meanwhile; its error then holds the end of the log.
func (u *Unit) AwaitReady(ctx context.Context, atMost time.Duration) error {
	client := u.client()
	deadline := time.Now().Add(atMost)
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	last := "nothing"
	u.mu.Lock()
	before, skip := u.deaths, int64(0)
	if u.run != nil {
		skip = u.run.skip
	}
	u.mu.Unlock()
	for {
		status, err := getReady(limited, client)
		u.mu.Lock()
		deaths := u.deaths - before
		u.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && status == http.StatusOK:
			return nil
		case deaths >= maxFalseStarts:
			return fmt.Errorf("%s dies as soon as it starts; the end of %s:\n%s", u.Name, u.Log, tail(u.Log, skip))
		case time.Now().After(deadline):
			return fmt.Errorf("%s is not ready after %s (its /readyz returns %s); the end of %s:\n%s",
				u.Name, atMost, last, u.Log, tail(u.Log, skip))
		case err == nil:
			last = fmt.Sprint(status)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// client returns an HTTP client that connects to the unit's socket for every host.
func (u *Unit) client() *http.Client {
	path := u.Listen
	if u.Socket != nil {
		path = u.Socket.path
	}
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}
}

func getReady(ctx context.Context, client *http.Client) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://unit/readyz", nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}
