package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"minifb/shared/apperror"
)

// revokedMaxAge is how old the list of revoked sessions may be. The contract allows one second from
// the revocation of a session until every function refuses it; the remainder is for the query.
const revokedMaxAge = 800 * time.Millisecond

// RevokedSessions is the process's copy of the table ended_sessions: the sessions that were revoked
// within the life of an access token. It is fetched when a request finds it too old: one small query a second under
// any load, and none without requests.
type RevokedSessions struct {
	primary  reader
	mu       sync.Mutex
	ids      map[string]struct{}
	asOf     time.Time
	begun    int           // fetches
	fetched  int           // which of them the copy is from
	fetching chan struct{} // closed at the end of the current fetch; nil if there is none
	err      error         // of the last fetch
}

// NewRevokedSessions returns an empty copy; the first Check fills it.
func (s *Store) NewRevokedSessions() *RevokedSessions {
	r := &RevokedSessions{primary: s.primary.reader}
	r.primary.turns = nil // every request needs the list, so its query does not wait behind them
	return r
}

// Check returns a BadToken error if the session has been revoked, an outage (see IsOutage) if the
// list cannot be read, and an Unavailable error if that takes longer than maxWait.
func (r *RevokedSessions) Check(ctx context.Context, session string) error {
	var late <-chan time.Time
	begun := -1 // fetches when this request came
	for {
		r.mu.Lock()
		if begun < 0 {
			begun = r.begun
		}
		// On a slow database a copy may be too old when it arrives, but not for those who came before its fetch.
		if r.isFresh() || r.fetched > begun {
			defer r.mu.Unlock()
			return refuseRevoked(r.ids, session)
		}
		if r.fetching == nil { // this request fetches the list, and the others wait for it
			r.fetching = make(chan struct{})
			r.begun++
			r.mu.Unlock()
			ids, err := r.fetch(ctx)
			if err != nil {
				return err
			}
			return refuseRevoked(ids, session)
		}
		fetching := r.fetching
		r.mu.Unlock()
		if late == nil {
			limit := time.NewTimer(maxWait)
			defer limit.Stop()
			late = limit.C
		}
		select {
		case <-late:
			return errBusy
		case <-fetching:
			if err := r.lastError(); err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("wait for the revoked sessions: %w", ctx.Err())
		}
	}
}

func refuseRevoked(ids map[string]struct{}, session string) error {
	if _, revoked := ids[session]; revoked {
		return errRevoked
	}
	return nil
}

// isFresh reports whether the copy is younger than revokedMaxAge by both clocks: the monotonic clock
// may stop while Lambda has the process frozen.
func (r *RevokedSessions) isFresh() bool {
	wall := time.Now().Round(0).Sub(r.asOf.Round(0))
	return time.Since(r.asOf) < revokedMaxAge && wall >= 0 && wall < revokedMaxAge
}

func (r *RevokedSessions) lastError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// fetch reads the list and replaces the copy. It outlives the request that calls it, because others
// wait for the result.
func (r *RevokedSessions) fetch(ctx context.Context) (map[string]struct{}, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxWait)
	defer cancel()
	asOf := time.Now()
	var list []string
	// Ten minutes is twice the life of an access token: clocks differ, and a transaction may commit
	// late.
	err := r.primary.all(ctx, &list, `SELECT id FROM ended_sessions WHERE ended_at > now() - interval '10 minutes'`)
	if errors.Is(err, context.DeadlineExceeded) && !IsOutage(err) {
		err = apperror.Wrap(apperror.Unavailable, err, busyHint)
	}
	if err != nil {
		err = fmt.Errorf("read revoked sessions: %w", err)
	}
	ids := make(map[string]struct{}, len(list))
	for _, id := range list {
		ids[id] = struct{}{}
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.ids, r.asOf, r.fetched = ids, asOf, r.begun
	}
	r.err = err
	close(r.fetching)
	r.fetching = nil
	return ids, err
}
