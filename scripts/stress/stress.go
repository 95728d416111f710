package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/ops/bundle"
	"minifb/shared/store"
	"minifb/shared/testkit/client"
)

// areas are the functions that clients call. Users and sessions are made past the API.
var areas = []string{"post", "comment", "reaction", "notification"}

// A stress is one run. It is safe for concurrent use.
type stress struct {
	settings
	*world
	client *client.Client
	bundle *bundle.Bundle
	db     *sql.DB
	out    io.Writer
	clock  clock
	begun  time.Time
	took   time.Duration // all operations
	issued atomic.Int64  // operations that a client took on
	ended  atomic.Int64
	onHot  atomic.Int64

	mu         sync.Mutex
	statuses   map[string]map[int]int // by operation; 0: the connection broke
	violations []string
}

const violationsShown = 50

// violate notes a promise that was broken.
func (t *stress) violate(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations = append(t.violations, fmt.Sprintf(format, args...))
}

func (t *stress) count(operation string, status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.statuses[operation] == nil {
		t.statuses[operation] = map[int]int{}
	}
	t.statuses[operation][status]++
}

// next takes an operation on, if any is left.
func (t *stress) next() bool { return t.issued.Add(1) <= int64(t.operations) }

func (t *stress) done(onHot bool) {
	t.ended.Add(1)
	if onHot {
		t.onHot.Add(1)
	}
}

// torment does it all, in a folder that is empty at first. It answers the promises that were broken; its error is why they could not
// be tried.
func torment(ctx context.Context, s settings, dir string, out io.Writer) (violations []string, err error) {
	t := &stress{settings: s, world: &world{}, out: out, statuses: map[string]map[int]int{}}
	fmt.Fprintf(out, "stress: %d operations by %d clients, %d kills, seed %d\nbuilding and starting a bundle\n", s.operations, s.clients, s.kills, s.seed)
	t.bundle, err = bundle.Start(ctx, bundle.Options{
		Root: s.root, Dir: dir, Areas: areas, Fast: s.fast, Race: s.race,
		Say: func(string, ...any) {}, // that functions die is known here
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.bundle.Stop()) }()
	users, err := store.Open(t.bundle.DatabaseURL, "stress", 4)
	if err != nil {
		return nil, err
	}
	defer users.Close()
	if t.db, err = sql.Open("pgx", t.bundle.DatabaseURL); err != nil {
		return nil, err
	}
	defer t.db.Close()
	t.signer = t.bundle.Signer
	t.client = client.New(t.bundle.URL, s.clients)
	defer t.client.Close()
	walkers := make([]*walker, s.clients)
	for i := range walkers {
		walkers[i] = newWalker(t, i)
	}
	if err := t.populate(ctx, users, t.client, walkers); err != nil {
		return nil, err
	}
	t.begun = time.Now()
	if err := t.walkAll(ctx, walkers); err != nil {
		return nil, err
	}
	if err := t.verify(ctx, walkers); err != nil {
		return nil, err
	}
	t.summarize()
	return t.violations, nil
}

// walkAll lets the clients do all operations, and kills the functions in between.
func (t *stress) walkAll(ctx context.Context, walkers []*walker) error {
	walking, cancel := context.WithTimeout(ctx, t.atMost)
	defer cancel()
	var group sync.WaitGroup
	for _, w := range walkers {
		group.Go(func() { w.walk(walking) })
	}
	over := make(chan struct{})
	killed := make(chan error, 1)
	go func() { killed <- t.killAll(walking) }()
	go func() {
		group.Wait()
		close(over)
	}()
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.progress()
			continue
		case <-over:
		}
		break
	}
	t.progress()
	t.took = time.Since(t.begun)
	if ended := t.ended.Load(); ended < int64(t.operations) && ctx.Err() == nil {
		t.violate("after %s only %d of %d operations were done", t.atMost, ended, t.operations)
	}
	return errors.Join(<-killed, ctx.Err())
}
