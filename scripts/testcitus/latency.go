package main

import (
	"context"
	"errors"

	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/latency"
	"minifb/shared/testkit/testdb"
)

// measure compares how long each request takes on a plain and on a distributed database with the same rows, on the same
// server.
func (r *runner) measure(ctx context.Context) (broken []string, err error) {
	var sides []*latency.Side
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.Stop())
		}
	}()
	for _, d := range []struct {
		name   string
		create func(context.Context) (owner, functions string, err error)
	}{{"plain", r.plain}, {"Citus", r.distributedFilled}} {
		owner, functions, err := d.create(ctx)
		if err != nil {
			return nil, err
		}
		s, err := latency.Start(ctx, d.name, r.bundle(d.name, owner, functions, latency.Areas...))
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	return nil, latency.Compare(ctx, sides, r.rounds, r.output)
}

// plain creates a database on the coordinator alone, with rows.
func (r *runner) plain(ctx context.Context) (owner, functions string, err error) {
	if err := testdb.Execute(r.servers[0], "CREATE DATABASE plain OWNER minifb"); err != nil {
		return "", "", err
	}
	owner = r.cluster.URL("plain")
	if _, err := store.Migrate(ctx, owner); err != nil {
		return "", "", err
	}
	if err := latency.Fill(owner); err != nil {
		return "", "", err
	}
	functions, err = postgres.FunctionsURL(owner)
	return owner, functions, err
}

// distributedFilled creates a distributed database with the same rows.
func (r *runner) distributedFilled(ctx context.Context) (owner, functions string, err error) {
	owner, functions, err = r.distributed(ctx, "filled", latency.Fill)
	if err != nil {
		return "", "", err
	}
	return owner, functions, r.servers.Each(ctx, "filled", "ANALYZE")
}
