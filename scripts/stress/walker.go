package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"

	"minifb/shared/testkit/client"
)

// A walker is one client: it does one operation after another, and notes what it was told.
type walker struct {
	*stress
	number int
	rng    *rand.Rand
	own    []*user
	serial int // of its comments

	reactions        map[on]*register[int] // of its own users; 0 is none
	commentReactions map[on]*register[int]
	comments         map[*post][]*comment // of its own users that may stand
	written          []*comment           // all that was ever acknowledged
}

// on is who reacts to which post or comment, by its id.
type on struct {
	user *user
	id   int64
}

func newWalker(t *stress, number int) *walker {
	return &walker{
		stress: t, number: number, rng: rand.New(rand.NewPCG(t.seed, uint64(number))), //nolint:gosec // repeatable, not secret
		reactions: map[on]*register[int]{}, commentReactions: map[on]*register[int]{}, comments: map[*post][]*comment{},
	}
}

// An operation is one thing that a user does to a post, or to what hangs on it.
type operation struct {
	name   string
	weight int
	spares bool // never done to the hot post
	do     func(*walker, context.Context, *post)
}

var operations = []operation{
	{"react", 28, false, (*walker).react},
	{"cancel", 13, false, (*walker).cancel},
	{"comment", 17, false, (*walker).comment},
	{"edit comment", 8, false, (*walker).editComment},
	{"delete comment", 12, false, (*walker).deleteComment},
	{"react to comment", 9, false, (*walker).reactToComment},
	{"cancel on comment", 4, false, (*walker).cancelOnComment},
	{"edit post", 2, false, (*walker).editPost},
	{"edit another's", 1, false, (*walker).trespass},
	{"read notifications", 2, false, (*walker).readNotifications},
	{"mark notification", 1, false, (*walker).markNotification},
	{"look", 2, false, (*walker).look},
	{"delete post", 1, true, (*walker).deletePost},
}

// walk does operations while there are any to do.
func (w *walker) walk(ctx context.Context) {
	for ctx.Err() == nil && w.next() {
		p := w.hot
		if w.rng.IntN(3) > 0 {
			p = w.pick(w.rng)
		}
		o := w.choose(p)
		o.do(w, ctx, p)
		w.done(p == w.hot)
	}
}

func (w *walker) choose(p *post) operation {
	for {
		n := w.rng.IntN(100)
		for _, o := range operations {
			if n -= o.weight; n < 0 {
				if o.spares && p == w.hot {
					break
				}
				return o
			}
		}
	}
}

// someone is one of the client's own users, or now and then one that others speak for too.
func (w *walker) someone() (u *user, own bool) {
	if w.rng.IntN(4) == 0 {
		return w.shared[w.rng.IntN(len(w.shared))], false
	}
	return w.own[w.rng.IntN(len(w.own))], true
}

// A reply is what came of a request.
type reply struct {
	client.Response
	broken  bool  // by a kill: it may have happened or not, or may happen yet
	settled int64 // kills that were over when it was sent
	kill    int64 // kills that had begun when it came
}

// ask sends a request of u's, counts the answer, and holds it to what the contract allows.
func (w *walker) ask(ctx context.Context, operation string, u *user, r client.Request, allowed ...int) reply {
	bearer, err := w.bearer(u)
	if err != nil {
		w.violate("%s: %v", operation, err)
		return reply{broken: true}
	}
	r.Token = bearer
	a := reply{settled: w.clock.settled.Load()}
	a.Response, err = w.client.Do(ctx, r)
	a.kill = w.clock.begun.Load()
	killed := a.kill > a.settled
	a.broken = err != nil || a.Status == http.StatusServiceUnavailable
	switch {
	case ctx.Err() != nil: // all is over
		a.broken = true
	case err != nil:
		w.count(operation, 0)
		if !killed {
			w.violate("%s: the connection broke, and no function was being killed: %v", operation, err)
		}
	case a.broken:
		w.count(operation, a.Status)
		if !killed {
			w.violate("%s: %s was answered 503, and no function was being killed: %s", operation, r, a.Hint())
		}
	default:
		w.count(operation, a.Status)
		if !slices.Contains(allowed, a.Status) {
			w.violate("%s: %s was answered %d: %s", operation, r, a.Status, a.Hint())
			a.broken = true // nothing is known of it
		}
	}
	return a
}

// gone holds a 404 to its cause.
func (w *walker) gone(operation string, r client.Request, fates ...*fate) {
	for _, f := range fates {
		if f.condemned.Load() {
			return
		}
	}
	w.violate("%s: %s was answered 404, and nobody had deleted anything", operation, r)
}
