package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"minifb/shared/testkit/client"
)

const (
	parallel = 8
	password = "minifb demo" // the same for everybody, and printed
	patience = 10 * time.Second
	fewest   = 2 // people without whom nothing can be shown
)

// A demo fills one bundle.
type demo struct {
	client *client.Client
	base   string
	screen screen
	plan   plan
	tokens []string // access tokens by person; empty for who could not get in

	mu      sync.Mutex
	limited error   // why somebody could not get in
	ids     []int64 // of the posts, in the plan's order; 0 for none

	newPeople, newPosts, newComments, comments, reactions, edits, read atomic.Int64
}

// fill does all of it.
func (d *demo) fill(ctx context.Context) error {
	if err := d.find(ctx); err != nil {
		return err
	}
	d.tokens, d.ids = make([]string, len(people)), make([]int64, len(d.plan.posts))
	if err := stage(ctx, d.screen, "people", parallel, people, d.person); err != nil {
		return err
	}
	in := 0
	for _, token := range d.tokens {
		if token != "" {
			in++
		}
	}
	if in < len(people) {
		d.screen.say("%d of %d people could not get in and are left out: %v.\nLIMITS=off make run lifts the limits; run this again for all.",
			len(people)-in, len(people), d.limited)
	}
	if in < fewest {
		return fmt.Errorf("too few people could get in: %w", d.limited)
	}
	if err := stage(ctx, d.screen, "posts", parallel, d.plan.posts, d.post); err != nil {
		return err
	}
	if err := stage(ctx, d.screen, "talk", parallel, d.plan.posts, d.talk); err != nil {
		return err
	}
	return stage(ctx, d.screen, "notifications", parallel, d.plan.inboxes, d.inbox)
}

// find looks whether a bundle is there.
func (d *demo) find(ctx context.Context) error {
	var feed struct{ Items []struct{} }
	_, err := d.client.Call(ctx, client.Request{Method: http.MethodGet, Path: "/post?size=1"}, &feed, http.StatusOK)
	var refusal *client.StatusError
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.As(err, &refusal):
		return fmt.Errorf("what answers at %s is no bundle in good health: %w", d.base, err)
	}
	return fmt.Errorf("no bundle answers at %s: start one by `make run`, or name another by BASE_URL", d.base)
}

// person signs somebody up, unless the ID is there already, and in. Who meets a limit is left out.
func (d *demo) person(ctx context.Context, i int, p person) error {
	err := d.signIn(ctx, i, p)
	var refusal *client.StatusError
	if errors.As(err, &refusal) && (refusal.Status == http.StatusTooManyRequests || refusal.Status == http.StatusUnauthorized) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.limited = err
		return nil
	}
	return err
}

func (d *demo) signIn(ctx context.Context, i int, p person) error {
	// A look before signing up costs nothing; an ID that is taken would cost a hash, and count against a limit.
	status, err := d.client.Call(ctx, client.Request{Method: http.MethodGet, Path: "/check/id/" + p.id}, nil, http.StatusOK, http.StatusConflict)
	if err != nil {
		return err
	}
	if status == http.StatusOK {
		account := map[string]any{"id": p.id, "password": password, "name": p.name}
		for field, value := range map[string]string{"nickname": p.nickname, "intro": p.intro} {
			if value != "" {
				account[field] = value
			}
		}
		r := client.Request{Method: http.MethodPost, Path: "/signup", Body: account}
		if _, err := d.client.Call(ctx, r, nil, http.StatusCreated, http.StatusConflict); err != nil {
			return err
		}
		d.newPeople.Add(1)
	}
	var tokens struct {
		Access string `json:"access_token"`
	}
	r := client.Request{Method: http.MethodPost, Path: "/auth", Body: map[string]string{"id": p.id, "password": password}}
	if _, err := d.client.Call(ctx, r, &tokens, http.StatusOK); err != nil {
		return fmt.Errorf("%s: %w", p.id, err)
	}
	d.tokens[i] = tokens.Access
	return nil
}

// create writes a post or a comment. With the same key again, within a day, it finds what it wrote then. id is 0 where the
// author is not in, or where what it belongs to is gone meanwhile.
func (d *demo) create(ctx context.Context, author int, path, key, text string, made *atomic.Int64) (id int64, err error) {
	if d.tokens[author] == "" {
		return 0, nil
	}
	r := client.Request{Method: http.MethodPost, Path: path, Token: d.tokens[author], Key: key, Body: map[string]string{"content": text}}
	a, err := d.client.Do(ctx, r)
	if err != nil || a.Status == http.StatusNotFound {
		return 0, err
	}
	if a.Status != http.StatusCreated {
		return 0, fmt.Errorf("%s was answered %d: %s", r, a.Status, a.Hint())
	}
	var created struct{ ID int64 }
	if err := json.Unmarshal(a.Body, &created); err != nil {
		return 0, fmt.Errorf("%s: %w", r, err)
	}
	if a.Header.Get("Idempotent-Replayed") == "" {
		made.Add(1)
	}
	return created.ID, nil
}

func (d *demo) post(ctx context.Context, i int, p *post) (err error) {
	d.ids[i], err = d.create(ctx, p.owner, "/post", p.key, p.text, &d.newPosts)
	return err
}

// talk is all that happens to one post, in its order.
func (d *demo) talk(ctx context.Context, i int, p *post) error {
	if d.ids[i] == 0 {
		return nil
	}
	path := fmt.Sprintf("/post/%d", d.ids[i])
	if err := d.edit(ctx, p.owner, path, p.edited); err != nil {
		return err
	}
	for _, c := range p.comments {
		id, err := d.create(ctx, c.author, path+"/comment", c.key, c.text, &d.newComments)
		if err != nil {
			return err
		}
		if id == 0 {
			continue
		}
		d.comments.Add(1)
		at := fmt.Sprintf("/comment/%d", id)
		if err := errors.Join(d.edit(ctx, c.author, at, c.edited), d.react(ctx, at, c.reactions)); err != nil {
			return err
		}
	}
	return d.react(ctx, path, p.reactions)
}

func (d *demo) edit(ctx context.Context, owner int, path, text string) error {
	if text == "" {
		return nil
	}
	d.edits.Add(1)
	r := client.Request{Method: http.MethodPatch, Path: path, Token: d.tokens[owner], Body: map[string]string{"content": text}}
	_, err := d.client.Call(ctx, r, nil, http.StatusOK, http.StatusNotFound)
	return err
}

func (d *demo) react(ctx context.Context, path string, reactions []reaction) error {
	for _, r := range reactions {
		if d.tokens[r.who] == "" {
			continue
		}
		ask := client.Request{Method: http.MethodPut, Path: path + "/reaction", Token: d.tokens[r.who]}
		for _, kind := range []int{r.first, r.kind} {
			if kind == 0 {
				continue
			}
			ask.Body = map[string]int{"type": kind}
			if _, err := d.client.Call(ctx, ask, nil, http.StatusOK, http.StatusCreated, http.StatusNotFound); err != nil {
				return err
			}
		}
		if !r.cancel {
			d.reactions.Add(1)
			continue
		}
		ask.Method, ask.Body = http.MethodDelete, nil
		if _, err := d.client.Call(ctx, ask, nil, http.StatusNoContent, http.StatusNotFound); err != nil {
			return err
		}
	}
	return nil
}

// inbox reads some of a person's notifications.
func (d *demo) inbox(ctx context.Context, who int, state inbox) error {
	token := d.tokens[who]
	if token == "" || state == untouched {
		return nil
	}
	var list struct{ Items []struct{ ID int64 } }
	if _, err := d.client.Call(ctx, client.Request{Method: http.MethodGet, Path: "/notification?size=100", Token: token}, &list, http.StatusOK); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return nil
	}
	upTo := list.Items[0].ID
	if state == halfRead {
		upTo = list.Items[len(list.Items)/2].ID
	}
	var read struct{ Count int64 }
	r := client.Request{Method: http.MethodPost, Path: "/notification/read", Token: token, Body: map[string]int64{"up_to": upTo}}
	if _, err := d.client.Call(ctx, r, &read, http.StatusOK); err != nil {
		return err
	}
	d.read.Add(read.Count)
	if state == oneUnread {
		r = client.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/notification/%d", upTo), Token: token, Body: map[string]bool{"read": false}}
		_, err := d.client.Call(ctx, r, nil, http.StatusOK, http.StatusNotFound)
		return err
	}
	return nil
}
