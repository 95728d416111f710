package main

import (
	"context"
	"fmt"
	"net/http"

	"minifb/shared/testkit/client"
)

func (w *worker) react(ctx context.Context, p *post) {
	w.putReaction(ctx, "react", w.reactions, fmt.Sprintf("/post/%d/reaction", p.id), p.id, &p.deletion)
}

func (w *worker) cancel(ctx context.Context, p *post) {
	w.cancelReaction(ctx, "cancel", w.reactions, fmt.Sprintf("/post/%d/reaction", p.id), p.id, &p.deletion)
}

func (w *worker) reactToComment(ctx context.Context, p *post) {
	c := p.pickComment(w.rng)
	if c == nil {
		w.comment(ctx, p)
		return
	}
	path := fmt.Sprintf("/comment/%d/reaction", c.id)
	w.putReaction(ctx, "react to comment", w.commentReactions, path, c.id, &c.deletion, &p.deletion)
}

func (w *worker) cancelOnComment(ctx context.Context, p *post) {
	var c *comment
	for range 10 { // looks for a comment with a reaction to cancel
		if c = p.pickComment(w.rng); c == nil {
			w.comment(ctx, p)
			return
		}
		if w.userWithReaction(w.commentReactions, c.id) != nil {
			break
		}
	}
	path := fmt.Sprintf("/comment/%d/reaction", c.id)
	w.cancelReaction(ctx, "cancel on comment", w.commentReactions, path, c.id, &c.deletion, &p.deletion)
}

// userWithReaction returns one of the worker's own users with a reaction to the post or comment, or
// nil.
func (w *worker) userWithReaction(reactions map[reactionKey]*expected[int], id int64) *user {
	for _, u := range w.own {
		if e := reactions[reactionKey{u, id}]; e != nil && e.value > 0 {
			return u
		}
	}
	return nil
}

// putReaction puts a reaction of a random type to a post or comment.
func (w *worker) putReaction(
	ctx context.Context, operation string, reactions map[reactionKey]*expected[int], path string, id int64,
	deletions ...*deletion,
) {
	u, own := w.pickUser()
	reactionType := 1 + w.rng.IntN(5)
	r := client.Request{Method: http.MethodPut, Path: path, Body: map[string]int{"type": reactionType}}
	o := w.send(ctx, operation, u, r, http.StatusOK, http.StatusCreated, http.StatusNotFound)
	if o.Status == http.StatusNotFound {
		w.checkNotFound(operation, r, deletions...)
		return
	}
	if !own {
		return
	}
	state := expectedOf(reactions, reactionKey{u, id})
	if o.unknown {
		state.addPending(reactionType, o.kill)
		return
	}
	created := o.Status == http.StatusCreated
	if !state.allowsAny(func(before int) bool { return (before == 0) == created }) {
		w.addViolation("%s: %s returned %d, but the reaction before was %d (0: none)",
			operation, r, o.Status, state.value)
	}
	var returned struct{ Type int }
	if err := decode(o.Body, &returned); err != nil || returned.Type != reactionType {
		w.addViolation("%s: %s put type %d, and the response is %s", operation, r, reactionType, o.Body)
	}
	state.acknowledge(reactionType, o.settledBefore)
}

// cancelReaction cancels a reaction to a post or comment: one that exists, if there is any.
func (w *worker) cancelReaction(
	ctx context.Context, operation string, reactions map[reactionKey]*expected[int], path string, id int64,
	deletions ...*deletion,
) {
	u, own := w.pickUser()
	if reacted := w.userWithReaction(reactions, id); own && reacted != nil {
		u = reacted
	}
	r := client.Request{Method: http.MethodDelete, Path: path}
	o := w.send(ctx, operation, u, r, http.StatusNoContent, http.StatusNotFound)
	if !own {
		return
	}
	state := expectedOf(reactions, reactionKey{u, id})
	switch {
	case o.unknown:
		state.addPending(0, o.kill)
		return
	case o.Status == http.StatusNoContent && !state.allowsAny(func(before int) bool { return before > 0 }):
		w.addViolation("%s: %s returned 204, but there was no reaction", operation, r)
	case o.Status == http.StatusNotFound && !state.allows(0):
		w.checkNotFound(operation, r, deletions...)
		return
	}
	state.acknowledge(0, o.settledBefore)
}

func expectedOf(reactions map[reactionKey]*expected[int], key reactionKey) *expected[int] {
	if reactions[key] == nil {
		reactions[key] = &expected[int]{}
	}
	return reactions[key]
}
