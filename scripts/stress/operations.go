package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"minifb/shared/testkit/client"
)

func (w *walker) react(ctx context.Context, p *post) {
	w.put(ctx, "react", w.reactions, fmt.Sprintf("/post/%d/reaction", p.id), p.id, &p.fate)
}

func (w *walker) cancel(ctx context.Context, p *post) {
	w.take(ctx, "cancel", w.reactions, fmt.Sprintf("/post/%d/reaction", p.id), p.id, &p.fate)
}

func (w *walker) reactToComment(ctx context.Context, p *post) {
	if c := p.anyComment(w.rng); c != nil {
		w.put(ctx, "react to comment", w.commentReactions, fmt.Sprintf("/comment/%d/reaction", c.id), c.id, &c.fate, &p.fate)
		return
	}
	w.comment(ctx, p)
}

func (w *walker) cancelOnComment(ctx context.Context, p *post) {
	var c *comment
	for range 10 { // for one that has a reaction to be cancelled
		if c = p.anyComment(w.rng); c == nil {
			w.comment(ctx, p)
			return
		}
		if w.whoReacted(w.commentReactions, c.id) != nil {
			break
		}
	}
	w.take(ctx, "cancel on comment", w.commentReactions, fmt.Sprintf("/comment/%d/reaction", c.id), c.id, &c.fate, &p.fate)
}

// whoReacted is one of the client's own users that has a reaction to this; nil where none has.
func (w *walker) whoReacted(all map[on]*register[int], id int64) *user {
	for _, u := range w.own {
		if held := all[on{u, id}]; held != nil && held.value > 0 {
			return u
		}
	}
	return nil
}

// put puts a reaction to a post or a comment.
func (w *walker) put(ctx context.Context, operation string, all map[on]*register[int], path string, id int64, fates ...*fate) {
	u, own := w.someone()
	kind := 1 + w.rng.IntN(5)
	r := client.Request{Method: http.MethodPut, Path: path, Body: map[string]int{"type": kind}}
	a := w.ask(ctx, operation, u, r, http.StatusOK, http.StatusCreated, http.StatusNotFound)
	if a.Status == http.StatusNotFound {
		w.gone(operation, r, fates...)
		return
	}
	if !own {
		return
	}
	held := registerOf(all, on{u, id})
	if a.broken {
		held.doubt(kind, a.kill)
		return
	}
	if was := held.any(func(k int) bool { return (k == 0) == (a.Status == http.StatusCreated) }); !was {
		w.violate("%s: %s was answered %d, but before stood %d (0: none)", operation, r, a.Status, held.value)
	}
	var told struct{ Type int }
	if err := decode(a.Body, &told); err != nil || told.Type != kind {
		w.violate("%s: %s put %d and was answered %s", operation, r, kind, a.Body)
	}
	held.acknowledge(kind, a.settled)
}

// take cancels a reaction to a post or a comment. Mostly one stands.
func (w *walker) take(ctx context.Context, operation string, all map[on]*register[int], path string, id int64, fates ...*fate) {
	u, own := w.someone()
	if who := w.whoReacted(all, id); own && who != nil {
		u = who
	}
	r := client.Request{Method: http.MethodDelete, Path: path}
	a := w.ask(ctx, operation, u, r, http.StatusNoContent, http.StatusNotFound)
	if !own {
		return
	}
	held := registerOf(all, on{u, id})
	switch {
	case a.broken:
		held.doubt(0, a.kill)
		return
	case a.Status == http.StatusNoContent && !held.any(func(k int) bool { return k > 0 }):
		w.violate("%s: %s was answered 204, but no reaction stood", operation, r)
	case a.Status == http.StatusNotFound && !held.holds(0):
		w.gone(operation, r, fates...)
		return
	}
	held.acknowledge(0, a.settled)
}

func registerOf(all map[on]*register[int], key on) *register[int] {
	if all[key] == nil {
		all[key] = &register[int]{}
	}
	return all[key]
}

// comment adds one. Half of them carry an Idempotency-Key, and are sent until an answer comes.
func (w *walker) comment(ctx context.Context, p *post) {
	u, _ := w.someone()
	w.serial++
	text := fmt.Sprintf("%d/%d says hello", w.number, w.serial)
	r := client.Request{Method: http.MethodPost, Path: fmt.Sprintf("/post/%d/comment", p.id), Body: content(text)}
	if w.rng.IntN(2) == 0 {
		r.Key = fmt.Sprintf("stress-%d-%d", w.number, w.serial)
	}
	a := w.ask(ctx, "comment", u, r, http.StatusCreated, http.StatusNotFound)
	for again := 0; r.Key != "" && a.broken && ctx.Err() == nil && again < 100; again++ {
		time.Sleep(50 * time.Millisecond)
		a = w.ask(ctx, "comment", u, r, http.StatusCreated, http.StatusNotFound)
	}
	switch {
	case a.broken:
		return
	case a.Status == http.StatusNotFound:
		w.gone("comment", r, &p.fate)
		return
	}
	var made struct{ ID int64 }
	if err := decode(a.Body, &made); err != nil {
		w.violate("comment: %v", err)
		return
	}
	c := &comment{id: made.ID, on: p, author: u, text: register[string]{value: text}}
	w.written = append(w.written, c)
	w.comments[p] = append(w.comments[p], c)
	p.addComment(c)
}

// myComment is one of the client's own on the post; nil where there is none.
func (w *walker) myComment(p *post) *comment {
	mine := w.comments[p]
	if len(mine) == 0 {
		return nil
	}
	return mine[w.rng.IntN(len(mine))]
}

func (w *walker) editComment(ctx context.Context, p *post) {
	c := w.myComment(p)
	if c == nil {
		w.comment(ctx, p)
		return
	}
	text := c.text.value + "!"
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/comment/%d", c.id), Body: content(text)}
	a := w.ask(ctx, "edit comment", c.author, r, http.StatusOK, http.StatusNotFound)
	switch {
	case a.broken:
		c.text.doubt(text, a.kill)
	case a.Status == http.StatusNotFound:
		w.gone("edit comment", r, &c.fate, &p.fate)
	default:
		c.text.acknowledge(text, a.settled)
	}
}

func (w *walker) deleteComment(ctx context.Context, p *post) {
	c := w.myComment(p)
	if c == nil {
		w.comment(ctx, p)
		return
	}
	before := c.condemned.Swap(true)
	r := client.Request{Method: http.MethodDelete, Path: fmt.Sprintf("/comment/%d", c.id)}
	a := w.ask(ctx, "delete comment", c.author, r, http.StatusNoContent, http.StatusNotFound)
	if a.broken {
		return // to be tried again, perhaps
	}
	if a.Status == http.StatusNotFound && !before {
		w.gone("delete comment", r, &p.fate)
	}
	c.deleted.Store(true)
	p.removeComment(c)
	mine := w.comments[p]
	for i := range mine {
		if mine[i] == c {
			mine[i] = mine[len(mine)-1]
			w.comments[p] = mine[:len(mine)-1]
			break
		}
	}
}

func (w *walker) editPost(ctx context.Context, p *post) {
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/post/%d", p.id), Body: content(fmt.Sprintf("edited by %d: %d", w.number, w.rng.IntN(9)))}
	if a := w.ask(ctx, "edit post", p.owner, r, http.StatusOK, http.StatusNotFound); a.Status == http.StatusNotFound {
		w.gone("edit post", r, &p.fate)
	}
}

// deletePost deletes a post and writes another, so that there are always as many.
func (w *walker) deletePost(ctx context.Context, p *post) {
	before := p.condemned.Swap(true)
	w.remove(p)
	r := client.Request{Method: http.MethodDelete, Path: fmt.Sprintf("/post/%d", p.id)}
	a := w.ask(ctx, "delete post", p.owner, r, http.StatusNoContent, http.StatusNotFound)
	if !a.broken {
		if a.Status == http.StatusNotFound && !before {
			w.violate("delete post: %s was answered 404, and nobody else had deleted it", r)
		}
		p.deleted.Store(true)
	}
	if before {
		return // whoever was first writes another
	}
	u, _ := w.someone()
	r = client.Request{Method: http.MethodPost, Path: "/post", Body: content("another post")}
	if a := w.ask(ctx, "write post", u, r, http.StatusCreated); !a.broken {
		var made struct{ ID int64 }
		if err := decode(a.Body, &made); err != nil {
			w.violate("write post: %v", err)
			return
		}
		w.add(made.ID, u)
	}
}

// trespass tries to edit what is another's.
func (w *walker) trespass(ctx context.Context, p *post) {
	c := p.anyComment(w.rng)
	u, _ := w.someone()
	if c == nil || c.author == u {
		w.look(ctx, p)
		return
	}
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/comment/%d", c.id), Body: content("mine!")}
	if a := w.ask(ctx, "edit another's", u, r, http.StatusForbidden, http.StatusNotFound); a.Status == http.StatusNotFound {
		w.gone("edit another's", r, &c.fate, &p.fate)
	}
}

func (w *walker) readNotifications(ctx context.Context, p *post) {
	w.ask(ctx, "read notifications", p.owner, client.Request{Method: http.MethodPost, Path: "/notification/read"}, http.StatusOK)
}

func (w *walker) markNotification(ctx context.Context, p *post) {
	const operation = "mark notification"
	a := w.ask(ctx, operation, p.owner, client.Request{Method: http.MethodGet, Path: "/notification?size=5"}, http.StatusOK)
	var list struct{ Items []struct{ ID int64 } }
	if a.broken {
		return
	}
	if err := decode(a.Body, &list); err != nil {
		w.violate("%s: %v", operation, err)
		return
	}
	if len(list.Items) == 0 {
		return
	}
	id := list.Items[w.rng.IntN(len(list.Items))].ID
	r := client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/notification/%d", id), Body: map[string]bool{"read": w.rng.IntN(2) == 0}}
	w.ask(ctx, operation, p.owner, r, http.StatusOK, http.StatusNotFound)
}

// look reads the post, and must find the reader's own reaction there.
func (w *walker) look(ctx context.Context, p *post) {
	u := w.own[w.rng.IntN(len(w.own))]
	r := client.Request{Method: http.MethodGet, Path: fmt.Sprintf("/post/%d", p.id)}
	a := w.ask(ctx, "look", u, r, http.StatusOK, http.StatusNotFound)
	switch {
	case a.broken:
		return
	case a.Status == http.StatusNotFound:
		w.gone("look", r, &p.fate)
		return
	}
	var seen struct {
		Mine int `json:"my_reaction"` // null stays 0
	}
	if err := decode(a.Body, &seen); err != nil {
		w.violate("look: %v", err)
		return
	}
	if held := registerOf(w.reactions, on{u, p.id}); !held.holds(seen.Mine) {
		w.violate("look: %s shows my_reaction %d, but %d was acknowledged (0: none)", r, seen.Mine, held.value)
	}
}
