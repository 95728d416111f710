package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/client"
	"minifb/shared/token"
)

const (
	ownUsers    = 4 // a client: only it speaks for them, one request at a time, so it knows what must be there
	sharedUsers = 8 // any client speaks for them, at once with others
	otherPosts  = 20
)

// A world is what the clients do things to.
type world struct {
	signer *token.Signer
	shared []*user
	hot    *post // gets a third of everything, and is never deleted

	mu    sync.Mutex
	posts []*post // the others that stand
	all   []*post // every one there ever was, hot included
}

type user struct {
	uid     int64
	session string

	mu     sync.Mutex
	token  string
	signed time.Time
}

type post struct {
	id    int64
	owner *user
	fate

	mu       sync.Mutex
	comments []*comment // those that may stand, anybody's
}

type comment struct {
	id     int64
	on     *post
	author *user
	text   register[string]
	fate
}

// bearer is an access token of the user's that has two minutes left at least.
func (w *world) bearer(u *user) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.signed) < token.Lifetime-2*time.Minute {
		return u.token, nil
	}
	signed, err := w.signer.Sign(token.Claims{UserUID: u.uid, SessionID: u.session})
	if err == nil {
		u.token, u.signed = signed, time.Now()
	}
	return u.token, err
}

// createUser goes past the API: a password's hash takes 95 ms of a processor.
func createUser(ctx context.Context, s *store.Store, id string) (*user, error) {
	u := store.User{ID: id, PasswordHash: "pbkdf2:sha256:1$none$none", Name: "Tortured"}
	if err := s.CreateUser(ctx, &u); err != nil {
		return nil, err
	}
	session, _, err := s.OpenSession(ctx, store.Credential{UID: u.UID, Hash: u.PasswordHash}, "stress")
	if err != nil {
		return nil, err
	}
	return &user{uid: u.UID, session: session.ID}, nil
}

// populate makes the users and the first posts.
func (w *world) populate(ctx context.Context, s *store.Store, c *client.Client, clients []*walker) error {
	for i := range sharedUsers {
		u, err := createUser(ctx, s, fmt.Sprintf("shared.%d", i))
		if err != nil {
			return err
		}
		w.shared = append(w.shared, u)
	}
	for _, walker := range clients {
		for i := range ownUsers {
			u, err := createUser(ctx, s, fmt.Sprintf("own.%d.%d", walker.number, i))
			if err != nil {
				return err
			}
			walker.own = append(walker.own, u)
		}
	}
	for i := range otherPosts + 1 {
		owner := w.shared[i%len(w.shared)]
		if i%2 == 1 {
			owner = clients[i%len(clients)].own[0]
		}
		bearer, err := w.bearer(owner)
		if err != nil {
			return err
		}
		var made struct{ ID int64 }
		r := client.Request{Method: http.MethodPost, Path: "/post", Token: bearer, Body: content(fmt.Sprintf("first post %d", i))}
		if _, err := c.Call(ctx, r, &made, http.StatusCreated); err != nil {
			return err
		}
		if p := w.add(made.ID, owner); i == 0 {
			w.hot, w.posts = p, nil
		}
	}
	return nil
}

func content(text string) map[string]string { return map[string]string{"content": text} }

func (w *world) add(id int64, owner *user) *post {
	p := &post{id: id, owner: owner}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts, w.all = append(w.posts, p), append(w.all, p)
	return p
}

// remove takes a condemned post out of sight; not of w.all, which is what is verified.
func (w *world) remove(p *post) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts = slices.DeleteFunc(w.posts, func(q *post) bool { return q == p })
}

// pick chooses a post beside the hot one, early ones more often.
func (w *world) pick(rng *rand.Rand) *post {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.posts) == 0 {
		return w.hot
	}
	r := rng.Float64()
	return w.posts[int(r*r*float64(len(w.posts)))]
}

func (p *post) addComment(c *comment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.comments = append(p.comments, c)
}

func (p *post) removeComment(c *comment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.comments = slices.DeleteFunc(p.comments, func(d *comment) bool { return c == d })
}

// anyComment chooses one, early ones much more often, so that many are at work on the same; nil where there is none.
func (p *post) anyComment(rng *rand.Rand) *comment {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.comments) == 0 {
		return nil
	}
	r := rng.Float64()
	return p.comments[int(math.Pow(r, 8)*float64(len(p.comments)))]
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the answer %q: %w", body, err)
	}
	return nil
}
