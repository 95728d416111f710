package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"minifb/shared/testkit/client"
)

// comment adds a comment. Half of the comments have an Idempotency-Key, and are sent again until
// their outcome is known.
func (w *worker) comment(ctx context.Context, p *post) {
	const operation = "comment"
	u, _ := w.pickUser()
	w.serial++
	text := fmt.Sprintf("%s%d/%d says hello", w.textPrefix(), w.number, w.serial)
	r := client.Request{Method: http.MethodPost, Path: fmt.Sprintf("/post/%d/comment", p.id), Body: content(text)}
	if w.rng.IntN(2) == 0 {
		r.Key = fmt.Sprintf("stress-%d-%d", w.number, w.serial)
	}
	o := w.send(ctx, operation, u, r, http.StatusCreated, http.StatusNotFound)
	for retry := 0; r.Key != "" && o.unknown && ctx.Err() == nil && retry < 100; retry++ {
		time.Sleep(50 * time.Millisecond)
		o = w.send(ctx, operation, u, r, http.StatusCreated, http.StatusNotFound)
	}
	switch {
	case o.unknown:
		return
	case o.Status == http.StatusNotFound:
		w.checkNotFound(operation, r, &p.deletion)
		return
	}
	var created struct{ ID int64 }
	if err := decode(o.Body, &created); err != nil {
		w.addViolation("%s: %v", operation, err)
		return
	}
	c := &comment{id: created.ID, on: p, author: u, text: expected[string]{value: text}}
	w.written = append(w.written, c)
	w.comments[p] = append(w.comments[p], c)
	p.addComment(c)
}

// ownComment returns one of the worker's comments on the post, or nil.
func (w *worker) ownComment(p *post) *comment {
	own := w.comments[p]
	if len(own) == 0 {
		return nil
	}
	return own[w.rng.IntN(len(own))]
}

func (w *worker) editComment(ctx context.Context, p *post) {
	const operation = "edit comment"
	c := w.ownComment(p)
	if c == nil {
		w.comment(ctx, p)
		return
	}
	text := c.text.value + "!"
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/comment/%d", c.id), Body: content(text)}
	o := w.send(ctx, operation, c.author, r, http.StatusOK, http.StatusNotFound)
	switch {
	case o.unknown:
		c.text.addPending(text, o.kill)
	case o.Status == http.StatusNotFound:
		w.checkNotFound(operation, r, &c.deletion, &p.deletion)
	default:
		c.text.acknowledge(text, o.settledBefore)
	}
}

func (w *worker) deleteComment(ctx context.Context, p *post) {
	const operation = "delete comment"
	c := w.ownComment(p)
	if c == nil {
		w.comment(ctx, p)
		return
	}
	requestedBefore := c.requested.Swap(true)
	r := client.Request{Method: http.MethodDelete, Path: fmt.Sprintf("/comment/%d", c.id)}
	o := w.send(ctx, operation, c.author, r, http.StatusNoContent, http.StatusNotFound)
	if o.unknown {
		return // the comment stays among those that may be chosen again
	}
	if o.Status == http.StatusNotFound && !requestedBefore {
		w.checkNotFound(operation, r, &p.deletion)
	}
	c.acknowledged.Store(true)
	p.removeComment(c)
	w.comments[p] = slices.DeleteFunc(w.comments[p], func(d *comment) bool { return c == d })
}

func (w *worker) editPost(ctx context.Context, p *post) {
	const operation = "edit post"
	text := fmt.Sprintf("edited by %d: %d", w.number, w.rng.IntN(9))
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/post/%d", p.id), Body: content(text)}
	o := w.send(ctx, operation, p.owner, r, http.StatusOK, http.StatusNotFound)
	if o.Status == http.StatusNotFound {
		w.checkNotFound(operation, r, &p.deletion)
	}
}

// deletePost deletes a post and writes another, so that the number of posts stays the same.
func (w *worker) deletePost(ctx context.Context, p *post) {
	requestedBefore := p.requested.Swap(true)
	w.removePost(p)
	r := client.Request{Method: http.MethodDelete, Path: fmt.Sprintf("/post/%d", p.id)}
	o := w.send(ctx, "delete post", p.owner, r, http.StatusNoContent, http.StatusNotFound)
	if !o.unknown {
		if o.Status == http.StatusNotFound && !requestedBefore {
			w.addViolation("delete post: %s returned 404, and no other client had deleted it", r)
		}
		p.acknowledged.Store(true)
	}
	if requestedBefore {
		return // the worker that was first writes the other post
	}
	const operation = "write post"
	u, _ := w.pickUser()
	r = client.Request{Method: http.MethodPost, Path: "/post", Body: content("another post")}
	if o := w.send(ctx, operation, u, r, http.StatusCreated); !o.unknown {
		var created struct{ ID int64 }
		if err := decode(o.Body, &created); err != nil {
			w.addViolation("%s: %v", operation, err)
			return
		}
		w.addPost(created.ID, u)
	}
}

// editAnothersComment tries to edit the comment of another user, which must fail.
func (w *worker) editAnothersComment(ctx context.Context, p *post) {
	const operation = "edit another user's comment"
	c := p.pickComment(w.rng)
	u, _ := w.pickUser()
	if c == nil || c.author == u {
		w.readPost(ctx, p)
		return
	}
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/comment/%d", c.id), Body: content("mine!")}
	o := w.send(ctx, operation, u, r, http.StatusForbidden, http.StatusNotFound)
	if o.Status == http.StatusNotFound {
		w.checkNotFound(operation, r, &c.deletion, &p.deletion)
	}
}

func (w *worker) readNotifications(ctx context.Context, p *post) {
	r := client.Request{Method: http.MethodPost, Path: "/notification/read"}
	w.send(ctx, "read notifications", p.owner, r, http.StatusOK)
}

func (w *worker) markNotification(ctx context.Context, p *post) {
	const operation = "mark notification"
	r := client.Request{Method: http.MethodGet, Path: "/notification?size=5"}
	o := w.send(ctx, operation, p.owner, r, http.StatusOK)
	if o.unknown {
		return
	}
	var list struct{ Items []struct{ ID int64 } }
	if err := decode(o.Body, &list); err != nil {
		w.addViolation("%s: %v", operation, err)
		return
	}
	if len(list.Items) == 0 {
		return
	}
	id := list.Items[w.rng.IntN(len(list.Items))].ID
	r = client.Request{
		Method: http.MethodPatch, Path: fmt.Sprintf("/notification/%d", id),
		Body: map[string]bool{"read": w.rng.IntN(2) == 0},
	}
	w.send(ctx, operation, p.owner, r, http.StatusOK, http.StatusNotFound)
}

// readPost reads the post, which must show the reader's own reaction.
func (w *worker) readPost(ctx context.Context, p *post) {
	const operation = "read post"
	u := w.own[w.rng.IntN(len(w.own))]
	r := client.Request{Method: http.MethodGet, Path: fmt.Sprintf("/post/%d", p.id)}
	o := w.send(ctx, operation, u, r, http.StatusOK, http.StatusNotFound)
	switch {
	case o.unknown:
		return
	case o.Status == http.StatusNotFound:
		w.checkNotFound(operation, r, &p.deletion)
		return
	}
	var shown struct {
		MyReaction int `json:"my_reaction"` // null leaves 0
	}
	if err := decode(o.Body, &shown); err != nil {
		w.addViolation("%s: %v", operation, err)
		return
	}
	if state := expectedOf(w.reactions, reactionKey{u, p.id}); !state.allows(shown.MyReaction) {
		w.addViolation("%s: %s shows my_reaction %d, but %d was acknowledged (0: none)",
			operation, r, shown.MyReaction, state.value)
	}
}
