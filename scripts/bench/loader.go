package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A loader runs data.sql on an empty database.
type loader struct {
	*database
	text  string
	begun time.Time
}

// A part is one of data.sql, of the others with the same number.
type part struct{ number, name, text string }

var partTitle = regexp.MustCompile(`(?m)^-- (\d) (.*)\n`)

// parts returns the parts of data.sql in their order.
func (l loader) parts() (parts []part) {
	titles := partTitle.FindAllStringSubmatchIndex(l.text, -1)
	for i, at := range titles {
		end := len(l.text)
		if i+1 < len(titles) {
			end = titles[i+1][0]
		}
		parts = append(parts, part{l.text[at[2]:at[3]], l.text[at[4]:at[5]], l.text[at[1]:end]})
	}
	return parts
}

// all loads the data. Indexes other than those of primary keys are made at the end, and neither triggers nor foreign
// keys look at a row: all rows are known to be right, and the totals are counted at the end.
func (l loader) all(ctx context.Context) error {
	indexes, err := l.dropIndexes(ctx)
	if err != nil {
		return err
	}
	const settings = `SET LOCAL session_replication_role = replica; SET LOCAL work_mem = '256MB'; SELECT setseed(0.5);`
	for parts := l.parts(); len(parts) > 0; {
		n := 1
		for n < len(parts) && parts[n].number == parts[0].number {
			n++
		}
		var steps []step
		for _, p := range parts[:n] {
			steps = append(steps, step{p.name, "BEGIN;" + settings + p.text + "; COMMIT"})
		}
		if err := l.together(ctx, steps); err != nil {
			return err
		}
		parts = parts[n:]
	}
	if err := l.together(ctx, indexes); err != nil {
		return err
	}
	var vacuums []step
	for _, table := range []string{"post_reactions", "comments", "posts", "notifications", "bench.reactions", "users"} {
		vacuums = append(vacuums, step{"vacuum " + table, "VACUUM ANALYZE " + table})
	}
	return l.together(ctx, append(vacuums, step{"checkpoint", "CHECKPOINT"}))
}

// dropIndexes drops the indexes that belong to no constraint, and returns the steps that make them again.
func (l loader) dropIndexes(ctx context.Context) (steps []step, err error) {
	rows, err := l.db.QueryContext(ctx, `
		SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
		FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
		WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
			AND t.relname IN ('users', 'posts', 'comments', 'post_reactions', 'notifications')
		ORDER BY t.relname <> 'post_reactions', t.relname <> 'comments'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return nil, err
		}
		steps = append(steps, step{"index " + name, "SET maintenance_work_mem = '512MB';" +
			"SET max_parallel_maintenance_workers = 0;" + definition})
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, s := range steps {
		if err := l.exec(ctx, "DROP INDEX "+strings.TrimPrefix(s.name, "index ")); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// A step is SQL that is run while the data is loaded.
type step struct{ name, text string }

// together runs steps, two at a time, and reports each when it is done.
func (l loader) together(ctx context.Context, steps []step) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	waiting := make(chan step, len(steps))
	for _, s := range steps {
		waiting <- s
	}
	close(waiting)
	var all sync.WaitGroup
	var reporting sync.Mutex
	for range 2 {
		all.Go(func() {
			for s := range waiting {
				begun := time.Now()
				if err := l.exec(ctx, s.text); err != nil {
					cancel(fmt.Errorf("%s: %w", s.name, err))
					return
				}
				reporting.Lock()
				l.report("  %4.0f s  %s: %.1f s", time.Since(l.begun).Seconds(), s.name, time.Since(begun).Seconds())
				reporting.Unlock()
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
