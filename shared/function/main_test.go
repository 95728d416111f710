package function

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/token"
)

// noDatabase is a URL at which nobody listens.
const noDatabase = "postgres://minifb@127.0.0.1:1/minifb"

// DATABASE_POOL is what a function takes from the database's connections, the one for its counts included.
func TestAFunctionOpensNoMoreConnectionsThanItsPool(t *testing.T) {
	t.Parallel()
	for runtime, want := range map[string]int{"": 4, "lambda:9001": 5} {
		c := config.Config{DatabaseURL: noDatabase, DatabasePool: 5, PasswordIterations: 1, LambdaAPI: runtime}
		d, err := newDeps("test", c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Store.Pool().MaxOpenConnections; got != want {
			t.Errorf("with the runtime %q: %d connections for requests, want %d", runtime, got, want)
		}
		if err := d.Store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// DATABASE_READ_URL gives the function a replica.
func TestAFunctionReadsFromTheReplica(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{"": false, noDatabase: true} {
		c := config.Config{DatabaseURL: noDatabase, DatabaseReadURL: url, DatabasePool: 2, PasswordIterations: 1}
		d, err := newDeps("test", c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Store.HasReplica(); got != want {
			t.Errorf("with DATABASE_READ_URL=%q the store has a replica: %t", url, got)
		}
		if err := d.Store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Long work, such as that of maintenance, ends when the process is told to stop.
func TestViewsLearnThatTheProcessStops(t *testing.T) {
	_, public, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", noDatabase)
	t.Setenv("TOKEN_PUBLIC_KEYS", public)
	t.Setenv("LISTEN", "unix:"+filepath.Join(t.TempDir(), "s"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stopping <-chan struct{}
	routes := func(_ *api.API, d Deps) {
		stopping = d.Stopping
		stop()
	}
	if err := run(ctx, "test", routes, nil, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopping:
	default:
		t.Error("the process has stopped, and its views do not know it")
	}
}
