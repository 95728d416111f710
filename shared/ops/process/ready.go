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

// maxFalseStarts is how many processes may die before AwaitReady gives the unit up.
const maxFalseStarts = 3

// AwaitReady waits until the unit's GET /readyz returns 200. It gives up after atMost, or when three
// processes have died meanwhile; its error then holds the end of the log.
func (u *Unit) AwaitReady(ctx context.Context, atMost time.Duration) error {
	u.mu.Lock()
	before, skip := u.deaths, int64(0)
	if u.run != nil {
		skip = u.run.skip
	}
	u.mu.Unlock()
	falseStarts := func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.deaths-before >= maxFalseStarts
	}
	limited, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	// A request waits in the held socket while processes die. It has no short time limit of its own,
	// because the function would cancel its query, and PostgreSQL log an error.
	go func() {
		for limited.Err() == nil && !falseStarts() {
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	client := u.client()
	last := "nothing"
	for limited.Err() == nil {
		status, err := getReady(limited, client)
		if err == nil && status == http.StatusOK {
			return nil
		}
		if err == nil {
			last = fmt.Sprint(status)
		}
		time.Sleep(10 * time.Millisecond)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case falseStarts():
		return fmt.Errorf("%s dies as soon as it starts; the end of %s:\n%s", u.Name, u.Log, tail(u.Log, skip))
	default:
		return fmt.Errorf("%s is not ready after %s (its /readyz returns %s); the end of %s:\n%s",
			u.Name, atMost, last, u.Log, tail(u.Log, skip))
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
