package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// filling is the SQL that writes the rows of both databases.
//
//go:embed filling.sql
var filling string

// A side is one of the two databases that are compared, with a bundle and a client.
type side struct {
	bundle   *bundle.Bundle
	client   *client.Client
	claims   token.Claims
	comment  int64 // which the requests read and react to
	post     int64 // which the last round has created
	removed  int64 // a comment that the last round has created, which it also deletes
	measured map[string][]time.Duration
}

// measure sends each request to a plain and to a distributed database with the same rows, on the same server, in turns,
// and prints the medians. One client sends one request at a time.
func (r *runner) measure(ctx context.Context) (broken []string, err error) {
	plain, citus, err := r.sides(ctx)
	defer func() {
		for _, s := range []*side{plain, citus} {
			if s != nil {
				s.client.Close()
				err = errors.Join(err, s.bundle.Stop())
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	const warm = 5 // rounds that are not counted
	for round := range warm + r.rounds {
		for _, s := range []*side{plain, citus} {
			if round == warm {
				s.measured = map[string][]time.Duration{}
			}
			if err := s.round(ctx, round); err != nil {
				return nil, err
			}
		}
	}
	table := tabwriter.NewWriter(r.output, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "route\tplain, ms\tCitus, ms\tratio\t\n")
	for _, route := range routes {
		a, b := median(plain.measured[route.name]), median(citus.measured[route.name])
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t\n",
			route.name, milliseconds(a), milliseconds(b), float64(b)/float64(a))
	}
	return nil, table.Flush()
}

func median(durations []time.Duration) time.Duration {
	slices.Sort(durations)
	return durations[len(durations)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sides fills a plain and a distributed database on the coordinator, and starts a bundle on each.
func (r *runner) sides(ctx context.Context) (plain, citus *side, err error) {
	fill := func(address string) error { return testdb.Execute(address, filling) }
	if err := testdb.Execute(r.servers[0], "CREATE DATABASE plain OWNER minifb"); err != nil {
		return nil, nil, err
	}
	owner := r.cluster.URL("plain")
	if _, err := store.Migrate(ctx, owner); err != nil {
		return nil, nil, err
	}
	if err := fill(owner); err != nil {
		return nil, nil, err
	}
	functions, err := postgres.FunctionsURL(owner)
	if err != nil {
		return nil, nil, err
	}
	if plain, err = r.side(ctx, "plain", owner, functions); err != nil {
		return plain, nil, err
	}
	if owner, functions, err = r.distributed(ctx, "distributed", fill); err != nil {
		return plain, nil, err
	}
	if err := r.servers.Each(ctx, "distributed", "ANALYZE"); err != nil {
		return plain, nil, err
	}
	citus, err = r.side(ctx, "distributed", owner, functions)
	return plain, citus, err
}

func (r *runner) side(ctx context.Context, name, owner, functions string) (s *side, err error) {
	s = &side{measured: map[string][]time.Duration{}}
	s.bundle = r.bundle(name, owner, functions, "account", "post", "timeline", "comment", "reaction", "notification")
	if err := s.bundle.Start(ctx); err != nil {
		return nil, err
	}
	s.client = client.New(s.bundle.URL, 1)
	if s.claims, err = s.bundle.SignIn(ctx, "reader.1"); err != nil {
		return s, err
	}
	return s, s.newComment(ctx, hot, &s.comment)
}

// hot is a post of the filling with most comments and reactions.
const hot = 20_000

// newComment adds a comment to a post, and keeps its id.
func (s *side) newComment(ctx context.Context, post int64, id *int64) error {
	bearer, err := s.bundle.Signer.Sign(s.claims)
	if err != nil {
		return err
	}
	var added struct{ ID int64 }
	_, err = s.client.Call(ctx, client.Request{
		Method: http.MethodPost, Path: fmt.Sprintf("/post/%d/comment", post), Token: bearer, Body: text,
	}, &added, http.StatusCreated)
	*id = added.ID
	return err
}

var text = map[string]string{"content": "a text of some words"}

// A route is a request that is measured.
type route struct {
	name, method string
	path         func(s *side) string
	body         func(round int) any
	want         int
	created      func(s *side) *int64 // where the id of what it creates is kept; may be nil
}

func fixed(path string) func(*side) string { return func(*side) string { return path } }
func onPost(suffix string) func(*side) string {
	return func(s *side) string { return fmt.Sprintf("/post/%d%s", s.post, suffix) }
}

func empty(int) any                 { return nil }
func content(int) any               { return text }
func edited(round int) any          { return map[string]string{"content": fmt.Sprint("edited ", round)} }
func reaction(round int) any        { return map[string]int{"type": 1 + round%5} }
func introduction(round int) any    { return map[string]string{"intro": fmt.Sprint("intro ", round)} }
func ofComment(s *side) string      { return fmt.Sprintf("/comment/%d", s.comment) }
func ofRemoved(s *side) string      { return fmt.Sprintf("/comment/%d", s.removed) }
func commentReacted(s *side) string { return ofComment(s) + "/reaction" }

var routes = []route{
	{"POST /post", "POST", fixed("/post"), content, 201, func(s *side) *int64 { return &s.post }},
	{"GET /post/{id}", "GET", onPost(""), empty, 200, nil},
	{"GET /post", "GET", fixed("/post"), empty, 200, nil},
	{"GET /timeline", "GET", fixed("/timeline"), empty, 200, nil},
	{"GET /timeline/{id}", "GET", fixed("/timeline/user.7"), empty, 200, nil},
	{"POST /post/{id}/comment", "POST", onPost("/comment"), content, 201, func(s *side) *int64 { return &s.removed }},
	{"GET /post/{id}/comment", "GET", fixed(fmt.Sprintf("/post/%d/comment", hot)), empty, 200, nil},
	{"GET /comment/{id}", "GET", ofComment, empty, 200, nil},
	{"PATCH /comment/{id}", "PATCH", ofComment, edited, 200, nil},
	{"PUT /post/{id}/reaction", "PUT", fixed(fmt.Sprintf("/post/%d/reaction", hot)), reaction, 200, nil},
	{"GET /post/{id}/reaction", "GET", fixed(fmt.Sprintf("/post/%d/reaction", hot)), empty, 200, nil},
	{"PUT /comment/{id}/reaction", "PUT", commentReacted, reaction, 200, nil},
	{"GET /notification", "GET", fixed("/notification"), empty, 200, nil},
	{"GET /notification/unread-count", "GET", fixed("/notification/unread-count"), empty, 200, nil},
	{"PATCH /post/{id}", "PATCH", onPost(""), edited, 200, nil},
	{"DELETE /comment/{id}", "DELETE", ofRemoved, empty, 204, nil},
	{"DELETE /post/{id}", "DELETE", onPost(""), empty, 204, nil},
	{"PATCH /user/intro", "PATCH", fixed("/user/intro"), introduction, 200, nil},
	{"GET /user/{id}", "GET", fixed("/user/user.7"), empty, 200, nil},
}

// round sends each request once.
func (s *side) round(ctx context.Context, round int) error {
	bearer, err := s.bundle.Signer.Sign(s.claims)
	if err != nil {
		return err
	}
	for _, route := range routes {
		r := client.Request{Method: route.method, Path: route.path(s), Token: bearer, Body: route.body(round)}
		var created struct{ ID int64 }
		var into any
		if route.created != nil {
			into = &created
		}
		begun := time.Now()
		// A first reaction is created.
		if _, err := s.client.Call(ctx, r, into, route.want, http.StatusCreated); err != nil {
			return err
		}
		s.measured[route.name] = append(s.measured[route.name], time.Since(begun))
		if route.created != nil {
			*route.created(s) = created.ID
		}
	}
	return nil
}
