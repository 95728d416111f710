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
	password = "minifb demo" // of every user
	maxWait  = 10 * time.Second
	minUsers = 2
)

// A demo fills one bundle.
type demo struct {
	client   *client.Client
	base     string
	shown    string // the address in the requests to try: another one, if the bundle ends with the demo
	progress progress
	plan     plan
	tokens   []string // access tokens by user; empty: the user could not sign in
	ids      []int64  // of the posts in the plan; 0: not created

	mu      sync.Mutex
	refused error // why a user could not sign in

	newUsers, newPosts, newComments, comments, reactions, edits, read atomic.Int64
}

// fill creates everything in the plan.
func (d *demo) fill(ctx context.Context) error {
	if err := d.checkBundle(ctx); err != nil {
		return err
	}
	d.tokens, d.ids = make([]string, len(users)), make([]int64, len(d.plan.posts))
	if err := stage(ctx, d.progress, "users", parallel, users, d.user); err != nil {
		return err
	}
	in := d.signedIn()
	if in < len(users) {
		d.progress.printf("%d of %d users could not sign up or in and are left out: %v",
			len(users)-in, len(users), d.refused)
		d.progress.printf("To add them, start the bundle with LIMITS=off make run, and run make demo again.")
	}
	if in < minUsers {
		return fmt.Errorf("too few users could sign in: %w", d.refused)
	}
	if err := stage(ctx, d.progress, "posts", parallel, d.plan.posts, d.post); err != nil {
		return err
	}
	if err := stage(ctx, d.progress, "discussions", parallel, d.plan.posts, d.discuss); err != nil {
		return err
	}
	return stage(ctx, d.progress, "notifications", parallel, d.plan.inboxes, d.inbox)
}

// signedIn returns how many users could sign in.
func (d *demo) signedIn() (n int) {
	for _, token := range d.tokens {
		if token != "" {
			n++
		}
	}
	return n
}

// checkBundle returns an error if no bundle responds at the URL.
func (d *demo) checkBundle(ctx context.Context) error {
	var feed struct{ Items []struct{} }
	_, err := d.client.Call(ctx, client.Request{Method: http.MethodGet, Path: "/post?size=1"}, &feed, http.StatusOK)
	var unwanted *client.StatusError
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.As(err, &unwanted):
		return fmt.Errorf("the server at %s is not a working bundle: %w", d.base, err)
	}
	return fmt.Errorf("no bundle responds at %s: start one by `make run`, or set BASE_URL to another", d.base)
}

// user signs a user in, and up before if the ID is free. A user who is refused by a limit, or whose
// password is another one, is left out.
func (d *demo) user(ctx context.Context, i int, u user) error {
	err := d.signIn(ctx, i, u)
	var unwanted *client.StatusError
	if !errors.As(err, &unwanted) {
		return err
	}
	if unwanted.Status != http.StatusTooManyRequests && unwanted.Status != http.StatusUnauthorized {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = err
	return nil
}

func (d *demo) signIn(ctx context.Context, i int, u user) error {
	// Signing up with an ID that is taken would cost a password hash, and count against a limit.
	check := client.Request{Method: http.MethodGet, Path: "/check/id/" + u.id}
	status, err := d.client.Call(ctx, check, nil, http.StatusOK, http.StatusConflict)
	if err != nil {
		return err
	}
	if status == http.StatusOK {
		account := map[string]any{"id": u.id, "password": password, "name": u.name}
		for field, value := range map[string]string{"nickname": u.nickname, "intro": u.intro} {
			if value != "" {
				account[field] = value
			}
		}
		r := client.Request{Method: http.MethodPost, Path: "/signup", Body: account}
		if _, err := d.client.Call(ctx, r, nil, http.StatusCreated, http.StatusConflict); err != nil {
			return err
		}
		d.newUsers.Add(1)
	}
	var tokens struct {
		Access string `json:"access_token"`
	}
	credentials := map[string]string{"id": u.id, "password": password}
	r := client.Request{Method: http.MethodPost, Path: "/auth", Body: credentials}
	if _, err := d.client.Call(ctx, r, &tokens, http.StatusOK); err != nil {
		return fmt.Errorf("%s: %w", u.id, err)
	}
	d.tokens[i] = tokens.Access
	return nil
}

// create creates a post or a comment, and counts it if no run of the last 24 hours has created it.
// The id is 0 if the author could not sign in, or if the post of a comment was deleted meanwhile.
func (d *demo) create(
	ctx context.Context, author int, path, key, text string, count *atomic.Int64,
) (id int64, err error) {
	if d.tokens[author] == "" {
		return 0, nil
	}
	r := client.Request{
		Method: http.MethodPost, Path: path, Token: d.tokens[author], Key: key,
		Body: map[string]string{"content": text},
	}
	response, err := d.client.Do(ctx, r)
	if err != nil || response.Status == http.StatusNotFound {
		return 0, err
	}
	if response.Status != http.StatusCreated {
		return 0, fmt.Errorf("%s returned %d: %s", r, response.Status, response.Hint())
	}
	var created struct{ ID int64 }
	if err := json.Unmarshal(response.Body, &created); err != nil {
		return 0, fmt.Errorf("%s: %w", r, err)
	}
	if response.Header.Get("Idempotent-Replayed") == "" {
		count.Add(1)
	}
	return created.ID, nil
}

func (d *demo) post(ctx context.Context, i int, p *post) (err error) {
	d.ids[i], err = d.create(ctx, p.owner, "/post", p.key, p.text, &d.newPosts)
	return err
}

// discuss edits a post, comments on it and reacts to it, in the plan's order.
func (d *demo) discuss(ctx context.Context, i int, p *post) error {
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
		commentPath := fmt.Sprintf("/comment/%d", id)
		err = errors.Join(d.edit(ctx, c.author, commentPath, c.edited), d.react(ctx, commentPath, c.reactions))
		if err != nil {
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
	r := client.Request{
		Method: http.MethodPatch, Path: path, Token: d.tokens[owner], Body: map[string]string{"content": text},
	}
	_, err := d.client.Call(ctx, r, nil, http.StatusOK, http.StatusNotFound)
	return err
}

func (d *demo) react(ctx context.Context, path string, reactions []reaction) error {
	for _, r := range reactions {
		if d.tokens[r.user] == "" {
			continue
		}
		request := client.Request{Method: http.MethodPut, Path: path + "/reaction", Token: d.tokens[r.user]}
		for _, kind := range []int{r.first, r.kind} {
			if kind == 0 {
				continue
			}
			request.Body = map[string]int{"type": kind}
			_, err := d.client.Call(ctx, request, nil, http.StatusOK, http.StatusCreated, http.StatusNotFound)
			if err != nil {
				return err
			}
		}
		if !r.cancel {
			d.reactions.Add(1)
			continue
		}
		request.Method, request.Body = http.MethodDelete, nil
		if _, err := d.client.Call(ctx, request, nil, http.StatusNoContent, http.StatusNotFound); err != nil {
			return err
		}
	}
	return nil
}

// inbox marks a user's notifications as read.
func (d *demo) inbox(ctx context.Context, user int, state inbox) error {
	token := d.tokens[user]
	if token == "" || state == unread {
		return nil
	}
	var list struct{ Items []struct{ ID int64 } }
	r := client.Request{Method: http.MethodGet, Path: "/notification?size=100", Token: token}
	if _, err := d.client.Call(ctx, r, &list, http.StatusOK); err != nil {
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
	r = client.Request{
		Method: http.MethodPost, Path: "/notification/read", Token: token, Body: map[string]int64{"up_to": upTo},
	}
	if _, err := d.client.Call(ctx, r, &read, http.StatusOK); err != nil {
		return err
	}
	d.read.Add(read.Count)
	if state == newestUnread {
		r = client.Request{
			Method: http.MethodPatch, Path: fmt.Sprintf("/notification/%d", upTo), Token: token,
			Body: map[string]bool{"read": false},
		}
		_, err := d.client.Call(ctx, r, nil, http.StatusOK, http.StatusNotFound)
		return err
	}
	return nil
}
