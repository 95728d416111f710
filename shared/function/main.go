// Package function runs the routes of one area as a process: as a Lambda function if a Lambda
// runtime has started it, and otherwise as an HTTP server. Both use the same Handler, so their
// responses are the same.
package function

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/feed"
	"minifb/shared/limit"
	"minifb/shared/mail"
	"minifb/shared/password"
	"minifb/shared/stat"
	"minifb/shared/store"
	"minifb/shared/token"
)

// Routes adds an area's views to its API.
type Routes func(*api.API, Deps)

// Deps are what views depend on. A process has one of each, and each is safe for concurrent use.
type Deps struct {
	Store     *store.Store
	Passwords *password.Hasher
	Limits    *limit.Limiter // nil, which allows everything, if LIMITS is off
	Tokens    *token.Verifier
	Revoked   *store.RevokedSessions
	Signer    *token.Signer   // nil if TOKEN_PRIVATE_KEY is unset: only auth signs
	Mail      mail.Settings   // of SMTP_URL and MAIL_DIR
	Zone      *time.Location  // of TIMEZONE: where a day begins
	Refused   string          // the log of refused requests; empty if there is none
	Stopping  <-chan struct{} // closed when the process was told to stop; long work should end then
}

// Main is the main function of a function. It returns after a SIGTERM or SIGINT, when all requests
// under way have their responses. If the process cannot start, it logs why and exits with 1. With the
// argument openapi it needs no settings: it prints the OpenAPI text of the area's routes, and exits.
func Main(area string, routes Routes, requirements ...config.Requirement) {
	if slices.Equal(os.Args[1:], []string{"openapi"}) {
		_ = json.NewEncoder(os.Stdout).Encode(OpenAPI(area, routes)) // fails only if nobody reads it
		return
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("function", area)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, area, routes, requirements, log); err != nil {
		log.Error("cannot run", "error", err.Error())
		os.Exit(1)
	}
}

// OpenAPI returns the OpenAPI text of an area's routes.
func OpenAPI(area string, routes Routes) *huma.OpenAPI {
	return NewHandler(area, routes, Deps{}, Settings{}).API().OpenAPI()
}

func run(ctx context.Context, area string, routes Routes, requirements []config.Requirement, log *slog.Logger) error {
	c, err := config.FromEnvironment(area, requirements...)
	if err != nil {
		return err
	}
	c.Verifier.LogTo(log)
	if c.Signer != nil {
		c.Signer.LogTo(log)
	}
	feeds, err := feed.New(c.Feeds(), area, log)
	if err != nil {
		return err
	}
	defer feeds.Close()
	deps, err := newDeps(area, c, feeds)
	if err != nil {
		return err
	}
	defer deps.Store.Close()
	deps.Stopping = ctx.Done()
	settings := Settings{
		Timeout: c.RequestTimeout, GenericHint: c.ErrorHint == "generic", BasePath: c.BasePath,
		Origins: c.CORSOrigins, TrustedProxies: c.TrustedProxies, Log: log, Feeds: feeds,
	}
	if c.OnLambda() {
		settings.Recorder = stat.NewRecorder(deps.Store, log)
		serveLambda(ctx, NewHandler(area, routes, deps, settings))
		return nil
	}
	counts, err := store.Open(c.DatabaseURL, area+" counts", 1)
	if err != nil {
		return err
	}
	defer counts.Close()
	settings.Recorder = stat.NewRecorder(counts, log)
	defer settings.Recorder.Start()()
	if c.Rehearse == "on" {
		if err := deps.Store.Ready(ctx); err != nil {
			return err
		}
		if _, err := Rehearse(ctx, area, routes, deps, c.LimitRules, log); err != nil {
			return err
		}
	}
	handler := NewHandler(area, routes, deps, settings)
	warm(ctx, deps, handler.api.WarmUps(), log)
	return serveHTTP(ctx, c.Listen, handler, log)
}

func newDeps(area string, c config.Config, feeds *feed.Feeds) (Deps, error) {
	connections := c.DatabasePool
	if !c.OnLambda() {
		connections-- // run opens one for the counts of requests
	}
	s, err := store.Open(c.DatabaseURL, area, connections, store.Traced(feeds.Tracer()))
	if err != nil {
		return Deps{}, err
	}
	if c.DatabaseReadURL != "" {
		if err := s.ReadFrom(c.DatabaseReadURL, area, connections, store.Traced(feeds.Tracer())); err != nil {
			return Deps{}, err
		}
	}
	return Deps{
		Store: s, Revoked: s.NewRevokedSessions(), Passwords: password.New(c.PasswordIterations),
		Tokens: c.Verifier, Signer: c.Signer, Mail: c.Mail(), Limits: limit.New(s, c.LimitRules),
		Zone: c.TimeZone.Location(), Refused: c.RefusedLog,
	}, nil
}

// warmTimeout is the longest that a start waits for the database.
const warmTimeout = time.Second

// warm opens a connection to the database, runs the area's own reads on it, and reads the revoked sessions, so that the
// first request does not wait for it. Requests open the other connections: to open several before the first request
// makes the start longer, and a deploy no smoother. A function starts without a database, too: its requests are then
// refused with 503.
func warm(ctx context.Context, d Deps, reads []store.WarmUp, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, warmTimeout)
	defer cancel()
	err := d.Store.Warm(ctx, reads...)
	if err == nil {
		err = d.Revoked.Check(ctx, "")
	}
	if err != nil {
		log.Warn("starting without a database", "error", api.Redact(err.Error()))
	}
}
