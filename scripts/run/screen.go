package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A screen is what the person who runs the bundle reads. It is safe for concurrent use.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	begun time.Time
	steps int
	at    int
}

// say writes a line.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// step does one step of the setup, and says how long it took and what it did.
func (s *screen) step(name string, do func() (did string, err error)) error {
	begun := time.Now()
	did, err := do()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.at++
	at := s.at
	s.mu.Unlock()
	s.say("[%d/%d] %s: %s (%.1fs)", at, s.steps, name, did, time.Since(begun).Seconds())
	return nil
}

// banner says where everything is.
func (s *screen) banner(set settings, d *database) {
	where := "yours, by DATABASE_URL"
	if d.cluster != nil {
		where = fmt.Sprintf("%s/postgres; psql '%s'", set.dataDir, d.url)
	}
	s.say(`
minifb is ready after %.1f s on %s (this machine alone). Try:

  curl -i %s/signup -H 'Content-Type: application/json' \
    -d '{"id":"ann.1","password":"correct horse","name":"Ann"}'

  database  %s
  logs      %s/<function>.log, one JSON line a request; here only what starts, stops and fails
  keys      %s
  stop      Ctrl-C
`, time.Since(s.begun).Seconds(), set.address(), set.address(), where, set.logs(), set.keys())
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
