package function

import (
	"context"
	"net/http"
	"time"

	"minifb/shared/api"
	"minifb/shared/store"
	"minifb/shared/token"
)

// readyTimeout is how long /readyz waits for the database.
const readyTimeout = 2 * time.Second

// healthy is GET /healthz: the process runs.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// ready is GET /readyz: there are keys to verify access tokens with, the database can be reached, and
// this build can work with its schema.
func ready(w http.ResponseWriter, r *http.Request, s *store.Store, tokens *token.Verifier) {
	if err := tokens.Ready(); err != nil {
		api.Write(w, api.NotReady.With(err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		refusal := api.NoDatabase.With()
		if !store.IsOutage(err) {
			refusal = api.NotReady.With(err)
		}
		api.Write(w, refusal)
		return
	}
	healthy(w, r)
}
