package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"minifb/shared/testkit/client"
	"minifb/shared/token"
)

// Patience is how long the requests under way may take after a load has ended.
const Patience = 30 * time.Second

// A Load sends requests at a steady rate, no matter how long the earlier ones take. Every second one writes a post;
// the others read from three functions in turn.
type Load struct {
	Signer *token.Signer
	Claims token.Claims // of the user who sends them
	Rate   int          // requests a second
	Prefix string       // of the words of the posts; a letter at least
	// Send sends a request and records what becomes of it. It is called in a goroutine of its own.
	Send func(context.Context, Request)
}

// A Request is one request of a load.
type Request struct {
	client.Request
	Number int    // of the earlier requests of the load
	Area   string // whose function it is for
	Word   string // of a write: the post's content, or its first word; empty for a read
}

// During sends requests until do returns, and then waits for the responses, but not longer than Patience. When ctx
// ends, the requests under way end too; do must return then.
func (l Load) During(ctx context.Context, do func() error) error {
	bearer, err := l.Signer.Sign(l.Claims)
	if err != nil {
		return err
	}
	signed := time.Now()
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do() }()
	ticks := time.NewTicker(time.Second / time.Duration(l.Rate))
	defer ticks.Stop()
	var group sync.WaitGroup
	for number := 0; ; {
		if time.Since(signed) > time.Minute {
			if bearer, err = l.Signer.Sign(l.Claims); err != nil {
				cancel()
				group.Wait()
				return errors.Join(err, <-done)
			}
			signed = time.Now()
		}
		select {
		case err := <-done:
			timer := time.AfterFunc(Patience, cancel)
			group.Wait()
			timer.Stop()
			return errors.Join(err, ctx.Err())
		case <-ticks.C:
			r := l.request(number, bearer)
			number++
			group.Go(func() { l.Send(sending, r) })
		}
	}
}

func (l Load) request(number int, bearer string) Request {
	r := Request{Number: number, Area: "post", Request: client.Request{Method: http.MethodGet, Token: bearer}}
	switch number % 8 {
	case 1, 5:
		r.Path = "/post?size=20"
	case 3:
		r.Area, r.Path = "timeline", "/timeline"
	case 7:
		r.Area, r.Path = "account", "/user"
	default:
		r.Method, r.Path = http.MethodPost, "/post"
		r.Word = fmt.Sprintf("%s.%d", l.Prefix, number)
		r.Body = map[string]string{"content": r.Word}
	}
	return r
}
