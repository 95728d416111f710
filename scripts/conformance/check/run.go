package check

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how cases are run. SignUp, SignIn and Always must be set.
type Options struct {
	URL      string // of the server, without a slash at its end
	Parallel int    // how many cases run at a time
	Admin    *User  // nil: the cases that need an administrator are not run

	SignUp func(t *T, id string) *User // signs a user up
	SignIn func(t *T, u *User)         // opens a session, and keeps its tokens in u
	Always func(*Response)             // checks what every response has to have
	// Done is called once for each case, when its result is final; one call at a time. It may be nil.
	Done func(done int, r Result)
}

// A Result is that of one case.
type Result struct {
	Case    string        `json:"case"`
	Rule    string        `json:"rule"`
	Took    time.Duration `json:"-"`
	Seconds float64       `json:"seconds"`
	Failure *Failure      `json:"failure,omitempty"`
}

// ErrLimited is returned if the server refused to sign up more users.
var ErrLimited = errors.New("the server limits how many users one client may sign up")

type run struct {
	o       Options
	client  *http.Client
	cancel  context.CancelFunc
	newID   func() string
	admin   sync.Mutex // held while the administrator signs in
	limited atomic.Bool

	mu      sync.Mutex
	free    []*User  // who may be borrowed
	secrets []string // the administrator's password and tokens
}

// newIDs returns a function that returns IDs that nobody has.
func newIDs() func() string {
	prefix := "Kit." + cryptorand.Text()[:10]
	var n atomic.Int64
	return func() string { return fmt.Sprintf("%s.%d", prefix, n.Add(1)) }
}

// maxIdle is less than the 5 s after which the contract's servers may close a connection that has sent no request. The
// transport may open one and then not need it.
const maxIdle = 3 * time.Second

// newClient returns an HTTP client that keeps n connections open, and follows no redirect.
func newClient(n int) *http.Client {
	return &http.Client{
		Timeout: 30 * time.Second,
		Transport: &transport{next: &http.Transport{
			MaxIdleConnsPerHost: n, DisableCompression: true, IdleConnTimeout: maxIdle,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Run runs the cases and returns their results in the same order. If it is ended early, it also
// returns an error. A server that is busy may respond with 503 or 504: a case that fails by that is
// run once more at the end, alone.
func Run(ctx context.Context, cases []Case, o Options) ([]Result, error) {
	o.URL = strings.TrimRight(o.URL, "/")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{o: o, newID: newIDs(), client: newClient(4 * o.Parallel), cancel: cancel}
	defer r.client.CloseIdleConnections()
	if o.Admin != nil {
		r.keepSecret(o.Admin.Password)
	}
	results := make([]Result, len(cases))
	// Cases of an area are alike. In a random order the costly ones do not come all at once.
	turns := rand.Perm(len(cases)) //nolint:gosec // no secret
	var next atomic.Int64
	var workers sync.WaitGroup
	var reporting sync.Mutex
	done := 0
	report := func(result Result) {
		reporting.Lock()
		defer reporting.Unlock()
		if done++; o.Done != nil {
			o.Done(done, result)
		}
	}
	for range o.Parallel {
		workers.Go(func() {
			for ctx.Err() == nil {
				turn := int(next.Add(1)) - 1
				if turn >= len(cases) {
					return
				}
				i := turns[turn]
				results[i] = r.timed(ctx, cases[i])
				if f := results[i].Failure; f == nil || !f.Busy {
					report(results[i])
				}
			}
		})
	}
	workers.Wait()
	for i, c := range cases {
		if f := results[i].Failure; f != nil && f.Busy && ctx.Err() == nil {
			results[i] = r.timed(ctx, c)
			report(results[i])
		}
	}
	if r.limited.Load() {
		return nil, ErrLimited
	}
	return results, ctx.Err()
}

func (r *run) timed(ctx context.Context, c Case) Result {
	begun := time.Now()
	failure := r.do(ctx, c)
	took := time.Since(begun)
	return Result{c.Name, c.Rule, took, took.Seconds(), failure}
}
