// Package latency compares how long requests take on different databases.
package latency

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/client"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// Areas are the functions that the requests need.
var Areas = []string{"account", "post", "timeline", "comment", "reaction", "notification"}

//go:embed filling.sql
var filling string

// Fill writes the rows that the requests read into a migrated database without rows, as its owner.
func Fill(owner string) error { return testdb.Execute(owner, filling) }

// A Side is a database that is compared.
type Side struct {
	name     string
	bundle   *bundle.Bundle
	client   *client.Client
	claims   token.Claims
	comment  int64 // which the requests read and react to
	post     int64 // which the last round has created
	removed  int64 // a comment that the last round has created, which it also deletes
	measured map[string][]time.Duration
}

// Start starts a bundle of the functions in Areas, on a database with the rows of Fill.
func Start(ctx context.Context, name string, b *bundle.Bundle) (s *Side, err error) {
	if err := b.Start(ctx); err != nil {
		return nil, err
	}
	s = &Side{name: name, bundle: b, client: client.New(b.URL, 1), measured: map[string][]time.Duration{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if s.claims, err = b.SignIn(ctx, "reader.1"); err != nil {
		return s, err
	}
	return s, s.newComment(ctx, hot, &s.comment)
}

// Stop stops the bundle.
func (s *Side) Stop() error {
	s.client.Close()
	return s.bundle.Stop()
}

const warm = 5 // rounds that are not counted

// Compare sends each request to each side in turns, one at a time, this many rounds. It writes a table of the medians
// in milliseconds, with the ratio of each other side to the first one.
func Compare(ctx context.Context, sides []*Side, rounds int, w io.Writer) error {
	for round := range warm + rounds {
		for _, s := range sides {
			if round == warm {
				clear(s.measured)
			}
			if err := s.round(ctx, round); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return report(sides, w)
}

// report writes the table.
func report(sides []*Side, w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "route\t")
	for i, s := range sides {
		fmt.Fprintf(table, "%s, ms\t", s.name)
		if i > 0 {
			fmt.Fprint(table, "ratio\t")
		}
	}
	fmt.Fprintln(table)
	for _, r := range routes {
		fmt.Fprintf(table, "%s\t", r.name)
		first := median(sides[0].measured[r.name])
		for i, s := range sides {
			m := median(s.measured[r.name])
			fmt.Fprintf(table, "%.1f\t", float64(m.Microseconds())/1000)
			if i > 0 {
				fmt.Fprintf(table, "%.1f\t", float64(m)/float64(first))
			}
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

func median(durations []time.Duration) time.Duration {
	slices.Sort(durations)
	return durations[len(durations)/2]
}

// newComment adds a comment to a post, and keeps its id.
func (s *Side) newComment(ctx context.Context, post int64, id *int64) error {
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

// round sends each request once.
func (s *Side) round(ctx context.Context, round int) error {
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
