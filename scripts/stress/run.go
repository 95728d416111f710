package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/ops/bundle"
	"minifb/shared/store"
	"minifb/shared/testkit/client"
)

// areas are the functions that the workers call. Users and sessions are created in the database.
var areas = []string{"post", "comment", "reaction", "notification"}

// A stress is one run of the stress test. Its methods are safe for concurrent use.
type stress struct {
	settings
	*fixture
	name       string // of this run: no other run on the database has it
	client     *client.Client
	bundle     *bundle.Bundle
	db         *sql.DB
	output     io.Writer
	killCounts killCounts
	deadlocks  int64         // that a given database had counted before the run
	skew       time.Duration // how much a given PostgreSQL's clock is ahead
	begun      time.Time
	took       time.Duration // of all operations
	taken      atomic.Int64  // operations that a worker began
	finished   atomic.Int64
	onHot      atomic.Int64 // finished operations on the hot post

	mu         sync.Mutex
	statuses   map[string]map[int]int // how many responses, by operation and status; 0: no response
	violations []string
}

func (s *stress) addViolation(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

func (s *stress) count(operation string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.statuses[operation] == nil {
		s.statuses[operation] = map[int]int{}
	}
	s.statuses[operation][status]++
}

// takeOperation reports whether the caller may execute another operation.
func (s *stress) takeOperation() bool { return s.taken.Add(1) <= int64(s.operations) }

func (s *stress) finishOperation(onHot bool) {
	s.finished.Add(1)
	if onHot {
		s.onHot.Add(1)
	}
}

// run executes the stress test in an empty folder and returns the violations that it found. The
// error says why it could not be executed.
func (o settings) run(ctx context.Context, dir string, output io.Writer) (violations []string, err error) {
	s := &stress{
		settings: o, fixture: &fixture{}, name: strings.ToLower(rand.Text()[:8]), output: output,
		statuses: map[string]map[int]int{},
	}
	fmt.Fprintf(output, "Operations: %d, clients: %d, kills: %d, seed: %d\n", o.operations, o.clients, o.kills, o.seed)
	if err := o.database.Ping(ctx); err != nil {
		return nil, err
	}
	fmt.Fprintln(output, "Building the functions and starting a bundle.")
	s.bundle = bundle.New(bundle.Options{
		Source: o.root, Dir: dir, Areas: areas, Fast: o.fast, Race: o.race, Binaries: o.programs,
		DatabaseURL: o.database.Functions, OwnerURL: o.database.Owner, Alone: true,
		Logf: func(string, ...any) {}, // it would report each kill
	})
	if err := s.bundle.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.bundle.Stop()) }()
	users, err := store.Open(s.bundle.DatabaseURL, "stress", 4)
	if err != nil {
		return nil, err
	}
	defer users.Close()
	if s.db, err = sql.Open("pgx", s.bundle.DatabaseURL); err != nil {
		return nil, err
	}
	defer s.db.Close()
	if err := s.examine(ctx); err != nil {
		return nil, err
	}
	s.signer = s.bundle.Signer
	s.client = client.New(s.bundle.URL, o.clients)
	defer s.client.Close()
	workers := make([]*worker, o.clients)
	for i := range workers {
		workers[i] = newWorker(s, i)
	}
	if err := s.populate(ctx, users, workers); err != nil {
		return nil, err
	}
	s.begun = time.Now()
	if err := s.runWorkers(ctx, workers); err != nil {
		return nil, err
	}
	if err := s.verify(ctx, workers); err != nil {
		return nil, err
	}
	s.summarize()
	return s.violations, nil
}

// runWorkers executes all operations, and kills the functions meanwhile.
func (s *stress) runWorkers(ctx context.Context, workers []*worker) error {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() { w.run(limited) })
	}
	finished := make(chan struct{})
	killed := make(chan error, 1)
	go func() { killed <- s.killAll(limited) }()
	go func() {
		group.Wait()
		close(finished)
	}()
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.progress()
			continue
		case <-finished:
		}
		break
	}
	s.progress()
	s.took = time.Since(s.begun)
	if n := s.finished.Load(); n < int64(s.operations) && ctx.Err() == nil {
		s.addViolation("only %d of %d operations were finished after %s", n, s.operations, s.timeout)
	}
	return errors.Join(<-killed, ctx.Err())
}
