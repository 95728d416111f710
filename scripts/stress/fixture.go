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
	usersPerWorker = 4 // used by one worker alone, one request at a time, so it knows their state
	sharedUsers    = 8 // used by all workers at once
	otherPosts     = 20
)

// A fixture has the users and posts that all workers use.
type fixture struct {
	signer *token.Signer
	shared []*user
	hot    *post // gets a third of all operations, and is never deleted

	mu    sync.Mutex
	posts []*post // all others that are not deleted
	all   []*post // with the hot and the deleted ones
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
	deletion

	mu       sync.Mutex
	comments []*comment // of all workers, except those that are deleted
}

type comment struct {
	id     int64
	on     *post
	author *user
	text   expected[string]
	deletion
}

// bearer returns an access token of the user's that is valid for at least two minutes.
func (f *fixture) bearer(u *user) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.signed) < token.Lifetime-2*time.Minute {
		return u.token, nil
	}
	signed, err := f.signer.Sign(token.Claims{UserUID: u.uid, SessionID: u.session})
	if err == nil {
		u.token, u.signed = signed, time.Now()
	}
	return u.token, err
}

// createUser creates a user and a session in the database. The API would spend 95 ms of a
// processor on the hash of each password.
func createUser(ctx context.Context, s *store.Store, id string) (*user, error) {
	u := store.User{ID: id, PasswordHash: "pbkdf2:sha256:1$none$none", Name: "Stress"}
	if err := s.CreateUser(ctx, &u); err != nil {
		return nil, err
	}
	session, _, err := s.OpenSession(ctx, store.Credential{UID: u.UID, Hash: u.PasswordHash}, "stress")
	if err != nil {
		return nil, err
	}
	return &user{uid: u.UID, session: session.ID}, nil
}

// userPrefix begins the IDs of the run's users.
func (s *stress) userPrefix() string { return "stress." + s.name + "." }

// populate creates the users and the first posts.
func (s *stress) populate(ctx context.Context, users *store.Store, workers []*worker) error {
	for i := range sharedUsers {
		u, err := createUser(ctx, users, fmt.Sprintf("%sshared.%d", s.userPrefix(), i))
		if err != nil {
			return err
		}
		s.shared = append(s.shared, u)
	}
	for _, w := range workers {
		for i := range usersPerWorker {
			u, err := createUser(ctx, users, fmt.Sprintf("%sown.%d.%d", s.userPrefix(), w.number, i))
			if err != nil {
				return err
			}
			w.own = append(w.own, u)
		}
	}
	for i := range otherPosts + 1 {
		owner := s.shared[i%len(s.shared)]
		if i%2 == 1 {
			owner = workers[i%len(workers)].own[0]
		}
		bearer, err := s.bearer(owner)
		if err != nil {
			return err
		}
		var created struct{ ID int64 }
		r := client.Request{
			Method: http.MethodPost, Path: "/post", Token: bearer, Body: content(fmt.Sprintf("first post %d", i)),
		}
		if _, err := s.client.Call(ctx, r, &created, http.StatusCreated); err != nil {
			return err
		}
		if p := s.addPost(created.ID, owner); i == 0 {
			s.hot, s.posts = p, nil
		}
	}
	return nil
}

// content is the body of a request that writes a post or a comment.
func content(text string) map[string]string { return map[string]string{"content": text} }

func (f *fixture) addPost(id int64, owner *user) *post {
	p := &post{id: id, owner: owner}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts, f.all = append(f.posts, p), append(f.all, p)
	return p
}

// removePost takes a post from those that pick chooses. It stays in all, for verify.
func (f *fixture) removePost(p *post) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.posts = slices.DeleteFunc(f.posts, func(q *post) bool { return q == p })
}

// pick chooses a post other than the hot one, old posts more often.
func (f *fixture) pick(rng *rand.Rand) *post {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.posts) == 0 {
		return f.hot
	}
	r := rng.Float64()
	return f.posts[int(r*r*float64(len(f.posts)))]
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

// pickComment chooses a comment, old ones much more often, so that many workers use the same one.
// It returns nil if the post has none.
func (p *post) pickComment(rng *rand.Rand) *comment {
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
		return fmt.Errorf("decode the response %q: %w", body, err)
	}
	return nil
}
