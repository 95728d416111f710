package function

import (
	"context"
	"net/http"
	"time"

	"minifb/shared/api"
	"minifb/shared/store"
)

// readyTimeout is how long the database may take to answer for the function to count as ready.
const readyTimeout = 2 * time.Second

// healthy answers that the process lives.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}

// ready answers whether requests can be served: the database answers, and its schema is one for this build.
func ready(w http.ResponseWriter, r *http.Request, s *store.Store) {
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
