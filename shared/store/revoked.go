package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// endedAge is how old the list of ended sessions may be. The contract allows one second from a session's end to
	// its refusal everywhere; the rest of it is for the query's own way.
	revokedMaxAge = 800 * time.Millisecond
	fetchTimeout  = 5 * time.Second
)

// EndedSessions is this process's copy of the sessions that ended within an access token's life. It is fetched when
// a request finds it too old, so it costs one small query a second under whatever load, and nothing between requests.
type RevokedSessions struct {
	store    *Store
	mu       sync.Mutex
	ids      map[string]struct{}
	asOf     time.Time
	fetching chan struct{} // closed when the fetch under way is done
	err      error         // of the last fetch
}

// NewEndedSessions makes an empty copy; the first check fills it.
func (s *Store) NewRevokedSessions() *RevokedSessions { return &RevokedSessions{store: s} }

// Check answers BadToken where the session has ended, and an outage where the list cannot be read in time.
func (e *RevokedSessions) Check(ctx context.Context, session string) error {
	for {
		e.mu.Lock()
		if e.fresh() {
			defer e.mu.Unlock()
			return refuseRevoked(e.ids, session)
		}
		if e.fetching == nil { // ours to fetch, for all who wait
			e.fetching = make(chan struct{})
			e.mu.Unlock()
			// However long it took, the list is younger than this request.
			ids, err := e.fetch(ctx)
			if err != nil {
				return err
			}
			return refuseRevoked(ids, session)
		}
		fetching := e.fetching
		e.mu.Unlock()
		select {
		case <-fetching:
			if err := e.lastError(); err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("wait for the ended sessions: %w", ctx.Err())
		}
	}
}

func refuseRevoked(ids map[string]struct{}, session string) error {
	if _, ended := ids[session]; ended {
		return errRevoked
	}
	return nil
}

// fresh tells whether the copy may be used. The clock on the wall has a say too: the other one may stand still while
// Lambda has the process frozen.
func (e *RevokedSessions) fresh() bool {
	wall := time.Now().Round(0).Sub(e.asOf.Round(0))
	return time.Since(e.asOf) < revokedMaxAge && wall >= 0 && wall < revokedMaxAge
}

func (e *RevokedSessions) lastError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// fetch does not end with the request that happens to pay for it: others wait for the same list.
func (e *RevokedSessions) fetch(ctx context.Context) (map[string]struct{}, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	asOf := time.Now()
	var list []string
	// Ten minutes: twice an access token's life, for clocks that differ and transactions that took long to commit.
	err := e.store.db.NewRaw(`SELECT id FROM ended_sessions WHERE ended_at > now() - interval '10 minutes'`).Scan(ctx, &list)
	if err != nil {
		err = fmt.Errorf("read ended sessions: %w", err)
	}
	ids := make(map[string]struct{}, len(list))
	for _, id := range list {
		ids[id] = struct{}{}
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		e.ids, e.asOf = ids, asOf
	}
	e.err = err
	close(e.fetching)
	e.fetching = nil
	return ids, err
}
