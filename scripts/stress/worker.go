package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"

	"minifb/shared/testkit/client"
)

// A worker is one of the concurrent clients. It executes one operation after another, and records
// the state that the database must have after the responses.
type worker struct {
	*stress
	number int
	rng    *rand.Rand
	own    []*user
	serial int // of its comments

	reactions        map[reactionKey]*expected[int] // of its own users; 0: no reaction
	commentReactions map[reactionKey]*expected[int]
	comments         map[*post][]*comment // of its users, except those that are deleted
	written          []*comment           // every comment whose creation was acknowledged
}

// A reactionKey names the reaction of a user to the post or comment with this id.
type reactionKey struct {
	user *user
	id   int64
}

func newWorker(s *stress, number int) *worker {
	return &worker{
		stress: s, number: number,
		rng:              rand.New(rand.NewPCG(s.seed, uint64(number))), //nolint:gosec // repeatable, not secret
		reactions:        map[reactionKey]*expected[int]{},
		commentReactions: map[reactionKey]*expected[int]{},
		comments:         map[*post][]*comment{},
	}
}

// An operation is an action of a user on a post, its comments, reactions or notifications.
type operation struct {
	name   string
	weight int  // the weights of all operations add up to 100
	notHot bool // never done to the hot post
	do     func(*worker, context.Context, *post)
}

var operations = []operation{
	{"react", 28, false, (*worker).react},
	{"cancel", 13, false, (*worker).cancel},
	{"comment", 17, false, (*worker).comment},
	{"edit comment", 8, false, (*worker).editComment},
	{"delete comment", 12, false, (*worker).deleteComment},
	{"react to comment", 9, false, (*worker).reactToComment},
	{"cancel on comment", 4, false, (*worker).cancelOnComment},
	{"edit post", 2, false, (*worker).editPost},
	{"edit another user's comment", 1, false, (*worker).editAnothersComment},
	{"read notifications", 2, false, (*worker).readNotifications},
	{"mark notification", 1, false, (*worker).markNotification},
	{"read post", 2, false, (*worker).readPost},
	{"delete post", 1, true, (*worker).deletePost},
}

// run executes operations until none is left or ctx is done.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil && w.takeOperation() {
		p := w.hot
		if w.rng.IntN(3) > 0 {
			p = w.pick(w.rng)
		}
		o := w.choose(p)
		o.do(w, ctx, p)
		w.finishOperation(p == w.hot)
	}
}

// choose returns a random operation for the post, by weight.
func (w *worker) choose(p *post) operation {
	for {
		n := w.rng.IntN(100)
		for _, o := range operations {
			if n -= o.weight; n < 0 {
				if o.notHot && p == w.hot {
					break
				}
				return o
			}
		}
	}
}

// pickUser returns one of the worker's own users, or in a quarter of the cases a shared one.
func (w *worker) pickUser() (u *user, own bool) {
	if w.rng.IntN(4) == 0 {
		return w.shared[w.rng.IntN(len(w.shared))], false
	}
	return w.own[w.rng.IntN(len(w.own))], true
}

// An outcome is the response to a request, or that there is none that counts.
type outcome struct {
	client.Response
	unknown       bool  // the request may have been executed, or not, or may still be
	settledBefore int64 // kills that were settled when the request was sent
	kill          int64 // kills that had begun when the response came
}

// send sends a request of the user's, counts the status, and reports statuses that the contract
// does not allow.
func (w *worker) send(ctx context.Context, operation string, u *user, r client.Request, allowed ...int) outcome {
	bearer, err := w.bearer(u)
	if err != nil {
		w.addViolation("%s: %v", operation, err)
		return outcome{unknown: true}
	}
	r.Token = bearer
	o := outcome{settledBefore: w.killCounts.settled.Load()}
	o.Response, err = w.client.Do(ctx, r)
	o.kill = w.killCounts.begun.Load()
	killed := o.kill > o.settledBefore
	o.unknown = err != nil || o.Status == http.StatusServiceUnavailable
	switch {
	case ctx.Err() != nil: // the run ends
		o.unknown = true
	case err != nil:
		w.count(operation, 0)
		if !killed {
			w.addViolation("%s: no response, although no function was being killed: %v", operation, err)
		}
	case o.unknown:
		w.count(operation, o.Status)
		if !killed {
			w.addViolation("%s: %s returned 503, although no function was being killed: %s", operation, r, o.Hint())
		}
	default:
		w.count(operation, o.Status)
		if !slices.Contains(allowed, o.Status) {
			w.addViolation("%s: %s returned %d: %s", operation, r, o.Status, o.Hint())
			o.unknown = true
		}
	}
	return o
}

// checkNotFound reports a 404 for a post or comment that no worker tried to delete.
func (w *worker) checkNotFound(operation string, r client.Request, deletions ...*deletion) {
	for _, d := range deletions {
		if d.requested.Load() {
			return
		}
	}
	w.addViolation("%s: %s returned 404, and no client had deleted anything", operation, r)
}
