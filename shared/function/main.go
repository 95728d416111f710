// Package function runs one area's routes as a process: as a Lambda function where the Lambda runtime API is there, as
// an HTTP server everywhere else. Both go through the same handler, so that both answer the same.
package function

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/token"
)

// Routes adds an area's views to its API.
type Routes func(*api.API, Deps)

// Deps are what views work with. Each is made once a process and safe for concurrent use.
type Deps struct {
	Store     *store.Store
	Passwords *password.Hasher
	Tokens    *token.Verifier
	Revoked   *store.RevokedSessions
	Signer    *token.Signer // nil where TOKEN_PRIVATE_KEY is unset: only auth signs
}

// Main is the whole of a function's main. It returns when the process was told to stop and every request under way
// has been answered, and exits with 1 where it cannot start.
func Main(area string, routes Routes, needs ...Need) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("function", area)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, area, routes, needs, log); err != nil {
		log.Error("cannot run", "error", err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, area string, routes Routes, needs []Need, log *slog.Logger) error {
	c, err := config.FromEnvironment()
	if err != nil {
		return err
	}
	deps, err := build(area, c)
	if err != nil {
		return err
	}
	defer deps.Store.Close()
	for _, need := range needs {
		if err := need(deps); err != nil {
			return err
		}
	}
	handler := NewHandler(area, routes, deps, Settings{c.RequestTimeout, c.ErrorHint == "generic", log})
	if c.OnLambda() {
		serveLambda(ctx, handler)
		return nil
	}
	warm(ctx, deps, log)
	return serveHTTP(ctx, c.Listen, handler, log)
}

const (
	// warmTimeout bounds how long a start waits for its database; without one, requests are answered 503.
	warmTimeout = time.Second
	// warmConnections are opened before the first request: what a few hundred requests a second take at once.
	warmConnections = 4
)

// warm connects to the database and reads what every request looks at, so that the first callers after a restart do not
// wait for it.
func warm(ctx context.Context, d Deps, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	err := d.Store.Warm(ctx, warmConnections, store.WarmFeed)
	if err == nil {
		err = d.Revoked.Check(ctx, "")
	}
	if err != nil {
		log.Warn("starting without a database", "error", api.Redact(err.Error()))
	}
}

func build(area string, c config.Config) (d Deps, err error) {
	if d.Tokens, err = token.NewVerifier(c.TokenPublic, c.TokenIssuer, c.TokenAudience); err != nil {
		return d, fmt.Errorf("TOKEN_PUBLIC_KEYS: %w", err)
	}
	if c.TokenPrivate != "" {
		if d.Signer, err = token.NewSigner(c.TokenPrivate, c.TokenIssuer, c.TokenAudience); err != nil {
			return d, fmt.Errorf("TOKEN_PRIVATE_KEY: %w", err)
		}
	}
	d.Passwords = password.New(c.HashIterations)
	if d.Store, err = store.Open(c.DatabaseURL, area, c.DatabasePool); err != nil {
		return d, err
	}
	d.Revoked = d.Store.NewRevokedSessions()
	return d, nil
}
