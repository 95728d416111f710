package main

import (
	"slices"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

// aDay fills the statistics with a day of traffic: 40 endpoints and statuses in each 10 seconds, times
// in 80 bins, in the order in which they are folded, and what 9 functions have flushed since the last
// fold. There are 10 million posts.
var aDay = []string{
	`INSERT INTO request_counts SELECT s.step, date_bin(make_interval(secs => s.step), at, 'epoch'), 'GET',
		'/route/' || endpoint, 200, count(*)
		FROM generate_series(now() - interval '1 day', now(), '10 seconds') at, generate_series(1, 40) endpoint,
			(VALUES (10), (300), (3600)) s (step) GROUP BY 1, 2, endpoint ORDER BY 2`,
	`INSERT INTO request_times SELECT s.step, date_bin(make_interval(secs => s.step), at, 'epoch'), 0,
		(SELECT array_agg(bin) FROM generate_series(1, 80) bin)
		FROM generate_series(now() - interval '1 day', now(), '10 seconds') at,
			(VALUES (10), (300), (3600)) s (step) GROUP BY 1, 2 ORDER BY 2`,
	`INSERT INTO request_inbox (at, methods, paths, statuses, counts, times)
		SELECT date_bin('10 seconds', now(), 'epoch'), array_agg('GET'::text), array_agg('/route/' || endpoint),
			array_agg(200::smallint), array_agg(1::bigint), (SELECT array_agg(bin) FROM generate_series(1, 80) bin)
		FROM generate_series(1, 9 * 14) flush, generate_series(1, 5) endpoint GROUP BY flush`,
	`INSERT INTO totals VALUES ('posts', '-infinity', 10000000)`,
	`INSERT INTO totals SELECT 'posts', at, 100
		FROM generate_series(date_bin('15 minutes', now() - interval '2 days', 'epoch'), now(), '15 minutes') at`,
	`INSERT INTO total_changes (what, quarter, n)
		SELECT 'posts', date_bin('15 minutes', now(), 'epoch'), 1 FROM generate_series(1, 1000)`,
	`VACUUM ANALYZE request_counts, request_times, request_inbox, totals, total_changes`,
}

// BenchmarkStatistics measures the statistics routes with a day of traffic and 10 million posts, alone
// and while an account with 150,000 posts is deleted and swept.
func BenchmarkStatistics(b *testing.B) {
	s := areatest.New(b, routes)
	root, ann := s.Administrator("root.1"), s.User("ann.1")
	for _, statement := range aDay {
		s.Exec(statement)
	}
	measure := func(b *testing.B, path string) {
		b.Helper()
		var times []float64
		for range 20 {
			s.Do(b, root, path, "")
		}
		for b.Loop() {
			begun := time.Now()
			if r := s.Do(b, root, path, ""); r.Status != 200 {
				b.Fatalf("%d %s", r.Status, r.Body)
			}
			times = append(times, float64(time.Since(begun).Microseconds())/1000)
		}
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2], "p50-ms")
		b.ReportMetric(times[len(times)*99/100], "p99-ms")
	}
	paths := map[string]string{
		"server": "GET /backoffice/stat/server", "service": "GET /backoffice/stat/service",
		"hour": "GET /backoffice/stat/series", "day": "GET /backoffice/stat/series?minutes=1440",
		"check": "GET /backoffice/temporary-password",
	}
	for name, path := range paths {
		b.Run(name, func(b *testing.B) { measure(b, path) })
	}
	s.Exec(`INSERT INTO posts (owner_uid, content) SELECT $1, 'x' FROM generate_series(1, 150000)`, ann.UID)
	credential, err := s.Store.CredentialByID(b.Context(), "ann.1")
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := s.Store.DeleteAccount(b.Context(), credential); err != nil {
		b.Fatal(err)
	}
	b.Logf("the deletion of the account took %v", time.Since(begun))
	swept := make(chan error)
	go func() { swept <- s.Store.Sweep(b.Context()) }()
	b.Run("service during a sweep", func(b *testing.B) { measure(b, paths["service"]) })
	if err := <-swept; err != nil {
		b.Fatal(err)
	}
}
