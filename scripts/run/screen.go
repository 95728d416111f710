package main

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"minifb/shared/ops/bundle"
)

// A screen prints what happens to the person who runs the bundle. It is safe for concurrent use.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	begun time.Time
}

// printf prints a line.
func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

func (s *screen) step(done bundle.Step) {
	s.printf("[%d/%d] %s: %s (%.1fs)", done.Number, done.Of, done.Name, done.Result, done.Took.Seconds())
}

// reloaded prints that a function runs as its new program, or why it does not.
func (s *screen) reloaded(area string, err error) {
	if err != nil {
		s.printf("%s does not run as changed: %v", area, err)
		return
	}
	s.printf("%s runs as changed", area)
}

// welcome prints where everything is.
func (s *screen) welcome(b *bundle.Bundle, set settings) {
	database := "the one of DATABASE_URL"
	if set.database.Functions == "" {
		database = fmt.Sprintf("%s/postgres; psql '%s'", set.dataDir, b.DatabaseURL)
	}
	s.printf(`
minifb is ready after %.1f s at %s, for this machine only. Try:

  curl -i %[2]s/signup -H 'Content-Type: application/json' \
    -d '{"id":"ann.1","password":"correct horse","name":"Ann"}'

  front     %[2]s/
  docs      %[2]s/docs, to sign in and try each call
  health    %[2]s/post?size=1, 200 while the database responds
  demo      make demo, in another terminal, for users, posts, comments and reactions
  database  %s
  logs      %s/<function>.log, one JSON line per request
  keys      %s
  reload    make reload, in another terminal, after a change of Go code
  stop      Ctrl-C
`, time.Since(s.begun).Seconds(), b.URL, database, filepath.Join(set.dataDir, "log"), b.Keys())
}
