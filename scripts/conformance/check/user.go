package check

import (
	"slices"
	"strings"
	"time"
)

// A User is a user of the server that is checked.
type User struct {
	ID, Password, Name string
	Access, Refresh    string // the tokens of a session
	Since              time.Time
}

// accessLife is the age up to which a user's access token is given to a case, which may use it until caseTimeout. So
// it has to be valid for two minutes.
const accessLife = time.Minute

func (t *T) renew(u *User) {
	if time.Since(u.Since) > accessLife {
		t.SignIn(u)
	}
}

// SignIn opens a session for a user and keeps its tokens in u.
func (t *T) SignIn(u *User) {
	t.run.o.SignIn(t, u)
	u.Since = time.Now()
}

// NewUser signs a user up and in, whom no other case has used.
func (t *T) NewUser() *User {
	u := t.run.o.SignUp(t, t.NewID())
	t.SignIn(u)
	return u
}

// Borrow returns a user whom only this case uses until it ends, but other cases may have used
// before. It must not lose its session, its password or its account.
func (t *T) Borrow() *User {
	t.run.mu.Lock()
	var u *User
	if n := len(t.run.free); n > 0 {
		u, t.run.free = t.run.free[n-1], t.run.free[:n-1]
	}
	t.run.mu.Unlock()
	if u == nil {
		u = t.NewUser()
	}
	t.renew(u)
	t.borrowed = append(t.borrowed, u)
	return u
}

func (r *run) giveBack(users []*User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, users...)
}

// NewID returns an ID that nobody has.
func (t *T) NewID() string { return t.run.newID() }

// Admin returns the administrator, whom cases share.
func (t *T) Admin() *User {
	t.run.admin.Lock()
	defer t.run.admin.Unlock()
	t.private = true
	t.renew(t.run.o.Admin)
	t.private = false
	u := *t.run.o.Admin
	t.run.keepSecret(u.Access, u.Refresh)
	return &u
}

// keepSecret keeps texts out of reports.
func (r *run) keepSecret(texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range texts {
		if text != "" && !slices.Contains(r.secrets, text) {
			r.secrets = append(r.secrets, text)
		}
	}
}

// hide returns a text without the secrets.
func (r *run) hide(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, "[hidden]")
	}
	return text
}

// Limited ends the whole run: the server refuses to sign up more users.
func (t *T) Limited() {
	t.run.limited.Store(true)
	t.run.cancel()
	panic(stopped{})
}
