package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"minifb/shared/fault"
)

// endedAge is how old the list of ended sessions may be. The contract allows one second from a session's end to
// its refusal everywhere; the rest of it is for the query's own way.
const endedAge = 800 * time.Millisecond

// EndedSessions is this process's copy of the sessions that ended within an access token's life. It is fetched when
// a request finds it too old, so it costs one small query a second under whatever load, and nothing between requests.
type EndedSessions struct {
	store    *Store
	mu       sync.Mutex
	ids      map[string]struct{}
	asOf     time.Time
	fetching chan struct{} // closed when the fetch under way is done
	err      error         // of the last fetch
}

// NewEndedSessions makes an empty copy; the first check fills it.
func (s *Store) NewEndedSessions() *EndedSessions { return &EndedSessions{store: s} }

// Check answers BadToken where the session has ended, and an outage where the list cannot be read in time.
func (e *EndedSessions) Check(ctx context.Context, session string) error {
	for {
		e.mu.Lock()
		if e.fresh() {
			_, ended := e.ids[session]
			e.mu.Unlock()
			if ended {
				return errEnded
			}
			return nil
		}
		fetching := e.fetching
		if fetching == nil { // ours to fetch, for all who wait
			fetching = make(chan struct{})
			e.fetching = fetching
			e.mu.Unlock()
			e.fetch(ctx)
			close(fetching)
			if err := e.lastError(); err != nil {
				return err
			}
			continue
		}
		e.mu.Unlock()
		select {
		case <-fetching:
			if err := e.lastError(); err != nil && ctx.Err() == nil {
				return err
			}
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, ctx.Err(), "The session could not be checked in time; try again.")
		}
	}
}

// fresh tells whether the copy may be used. The clock on the wall has a say too: the other one may stand still while
// Lambda has the process frozen.
func (e *EndedSessions) fresh() bool {
	wall := time.Now().Round(0).Sub(e.asOf.Round(0))
	return time.Since(e.asOf) < endedAge && wall >= 0 && wall < endedAge
}

func (e *EndedSessions) lastError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// fetch does not end with the request that happens to pay for it: others wait for the same list.
func (e *EndedSessions) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	asOf := time.Now()
	var ids []string
	// Ten minutes: twice an access token's life, for clocks that differ and transactions that took long to commit.
	err := e.store.db.NewRaw(`SELECT id FROM ended_sessions WHERE ended_at > now() - interval '10 minutes'`).Scan(ctx, &ids)

	e.mu.Lock()
	defer e.mu.Unlock()
	e.fetching, e.err = nil, nil
	if err != nil {
		e.err = fmt.Errorf("read ended sessions: %w", err)
		return
	}
	e.ids, e.asOf = make(map[string]struct{}, len(ids)), asOf
	for _, id := range ids {
		e.ids[id] = struct{}{}
	}
}
