package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
)

// at returns the routes of this area at a given time, in a given zone.
func at(now time.Time, zone *time.Location) function.Routes {
	return func(a *api.API, d function.Deps) {
		v := newViews(d)
		v.zone, v.now = zone, func() time.Time { return now }
		register(a, v)
	}
}

// count stores counted requests of a step that began so long before a time.
func count(t *testing.T, s *areatest.Server, now time.Time, ago time.Duration, e store.Endpoint, times ...int64) {
	t.Helper()
	var n int64
	for _, inBin := range times {
		n += inBin
	}
	b := store.RequestBatch{
		At: now.Add(-ago).Truncate(store.RequestStep), Counts: map[store.Endpoint]int64{e: n}, Times: times,
	}
	writer := fmt.Sprint(e, ago, times)
	if added, err := s.Store.AddRequests(t.Context(), writer, 0, 1, b); err != nil || !added {
		t.Fatalf("added %v: %v", added, err)
	}
}

var (
	read    = store.Endpoint{Method: "GET", Path: "/post/{id}", Status: 200}
	missing = store.Endpoint{Method: "GET", Path: "/post/{id}", Status: 404}
	created = store.Endpoint{Method: "POST", Path: "/post", Status: 201}
	failed  = store.Endpoint{Method: "POST", Path: "/post", Status: 500}
	noRoute = store.Endpoint{Method: "*", Path: "other", Status: 404}
)

func TestServerStat(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 3, 12, 34, 50, 5e8, time.UTC)
	s := areatest.New(t, at(now, time.UTC))
	root := s.Administrator("root.1")
	type stat struct {
		RPS        float64
		Requests   int64            `json:"requests_24h"`
		ByStatus   map[string]int64 `json:"by_status"`
		ByEndpoint []endpointCount  `json:"by_endpoint"`
	}
	const path = "GET /backoffice/stat/server"
	type check = func(*testing.T, areatest.Response)
	want := func(rps float64, byStatus map[string]int64, byEndpoint ...endpointCount) check {
		return func(t *testing.T, r areatest.Response) {
			t.Helper()
			var got stat
			r.JSON(t, &got)
			var total int64
			for _, n := range byStatus {
				total += n
			}
			if got.RPS != rps || got.Requests != total || !maps.Equal(got.ByStatus, byStatus) ||
				!slices.Equal(got.ByEndpoint, byEndpoint) {
				t.Errorf("got %+v, want %v, %v, %v", got, rps, byStatus, byEndpoint)
			}
		}
	}
	s.Run(t, []areatest.Step{{Name: "none", As: root, Do: path, Want: 200, Check: want(0, map[string]int64{})}})

	// The requests of the step that ended half a second ago may not be stored yet.
	count(t, s, now, 0, read, 100)
	count(t, s, now, 10*time.Second, read, 1000)
	count(t, s, now, 20*time.Second, read, 25)
	count(t, s, now, 20*time.Second, noRoute, 10)
	count(t, s, now, 30*time.Second, created, 3)
	count(t, s, now, 2*time.Minute, missing, 1)
	count(t, s, now, time.Hour, failed, 1)
	count(t, s, now, 24*time.Hour-time.Minute, created, 2)
	count(t, s, now, 24*time.Hour, created, 4)
	count(t, s, now, 24*time.Hour+10*time.Second, created, 50) // too old
	count(t, s, now, 25*time.Hour, noRoute, 50)                // too old
	all := want(3.5, map[string]int64{"200": 1125, "201": 9, "404": 11, "500": 1},
		endpointCount{"GET", "/post/{id}", 1126}, endpointCount{"POST", "/post", 10}, endpointCount{"*", "other", 10})
	s.Run(t, []areatest.Step{
		{Name: "in the inbox", As: root, Do: path, Want: 200, Check: all},
		{Name: "not an administrator", As: s.User("ann.1"), Do: path, Want: 403},
		{Name: "HEAD", As: root, Do: "HEAD /backoffice/stat/server", Want: 200},
	})
	if moved, err := s.Store.FoldRequests(t.Context(), 4); err != nil || moved != 4 {
		t.Fatalf("folded %d: %v", moved, err)
	}
	s.Run(t, []areatest.Step{{Name: "partly folded", As: root, Do: path, Want: 200, Check: all}})
	if moved, err := s.Store.FoldRequests(t.Context(), 100); err != nil || moved != 7 {
		t.Fatalf("folded %d: %v", moved, err)
	}
	s.Run(t, []areatest.Step{{Name: "folded", As: root, Do: path, Want: 200, Check: all}})
}

func TestSeries(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 3, 12, 34, 51, 5e8, time.UTC)
	s := areatest.New(t, at(now, time.UTC))
	root := s.Administrator("root.1")
	type series struct {
		StepSeconds int `json:"step_seconds"`
		Points      []struct {
			At               time.Time
			Requests, Errors int64
			P50              *float64 `json:"p50_ms"`
			P99              *float64 `json:"p99_ms"`
		}
	}
	count(t, s, now, 0, read, 98, 2)
	count(t, s, now, time.Minute, failed, 0, 0, 0, 7)
	count(t, s, now, 59*time.Minute, created, 1)
	count(t, s, now, 23*time.Hour, created, 5)
	count(t, s, now, -time.Hour, read, 9) // another host's clock is ahead
	count(t, s, now, -10*time.Second, read, 9)
	want := func(step time.Duration, points int, numbers map[int][2]int64) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			t.Helper()
			var got series
			r.JSON(t, &got)
			if got.StepSeconds != int(step.Seconds()) || len(got.Points) != points {
				t.Fatalf("%d points of %d s, want %d of %v", len(got.Points), got.StepSeconds, points, step)
			}
			for i, p := range got.Points {
				n := numbers[points-1-i]
				at := now.Truncate(step).Add(-time.Duration(points-1-i) * step)
				if !p.At.Equal(at) || p.Requests != n[0] || p.Errors != n[1] || (p.P50 == nil) != (n[0] == 0) ||
					(p.P99 == nil) != (n[0] == 0) {
					t.Errorf("point %d is %+v, want %v and %v", i, p, at, n)
				}
			}
		}
	}
	hour := want(10*time.Second, 360, map[int][2]int64{0: {100, 0}, 6: {7, 7}, 354: {1, 0}})
	day := want(5*time.Minute, 288, map[int][2]int64{0: {107, 7}, 11: {1, 0}, 276: {5, 0}})
	const path = "GET /backoffice/stat/series"
	const rule, once = "minutes: a whole number from 1 to 1440",
		"minutes: must be sent once, as a whole number from 1 to 1440"
	steps := []areatest.Step{
		{Name: "an hour", As: root, Do: path, Want: 200, Check: hour},
		{Name: "an hour, as sent", As: root, Do: path + "?minutes=60", Want: 200, Check: hour},
		{Name: "a day", As: root, Do: path + "?minutes=1440", Want: 200, Check: day},
		{Name: "a minute", As: root, Do: path + "?minutes=1", Want: 200,
			Check: want(10*time.Second, 6, map[int][2]int64{0: {100, 0}})},
		{Name: "61 minutes", As: root, Do: path + "?minutes=61", Want: 200,
			Check: want(5*time.Minute, 13, map[int][2]int64{0: {107, 7}, 11: {1, 0}})},
		{Name: "0 minutes", As: root, Do: path + "?minutes=0", Want: 400, Hint: rule},
		{Name: "too many", As: root, Do: path + "?minutes=1441", Want: 400, Hint: rule},
		{Name: "not a number", As: root, Do: path + "?minutes=x", Want: 400, Hint: rule},
		{Name: "empty", As: root, Do: path + "?minutes=", Want: 400, Hint: once},
		{Name: "twice", As: root, Do: path + "?minutes=1&minutes=1", Want: 400, Hint: once},
		{Name: "not an administrator", As: s.User("ann.1"), Do: path + "?minutes=x", Want: 403},
	}
	s.Run(t, steps)
	if _, err := s.Store.FoldRequests(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	s.Run(t, steps)
}

func TestServiceStat(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("test", 5*3600+45*60)
	now := time.Now()
	s := areatest.New(t, at(now, zone))
	root, ann := s.Administrator("root.1"), s.User("ann.1")
	midnight := startOfDay(now.In(zone))
	s.Exec(`INSERT INTO posts (owner_uid, content, created_at) VALUES ($1, 'today', $2), ($1, 'yesterday', $3)`,
		ann.UID, midnight, midnight.Add(-time.Microsecond))
	const path = "GET /backoffice/stat/service"
	want := func(posts, users, today int) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			t.Helper()
			want := fmt.Sprintf(`{"posts":%d,"users":%d,"posts_today":%d,"date":"%s","timezone":"test"}`,
				posts, users, today, now.In(zone).Format(time.DateOnly))
			if string(r.Body) != want {
				t.Errorf("got %s, want %s", r.Body, want)
			}
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "two posts", As: root, Do: path, Want: 200, Check: want(2, 2, 1)},
		{Name: "not an administrator", As: ann, Do: path, Want: 403},
	})
	s.Exec(`DELETE FROM posts WHERE content = 'yesterday'`)
	if moved, err := s.Store.FoldTotals(t.Context(), 100); err != nil || moved == 0 {
		t.Fatalf("folded %d: %v", moved, err)
	}
	s.Run(t, []areatest.Step{{Name: "one post", As: root, Do: path, Want: 200, Check: want(1, 2, 1)}})
}

// A day has 24 hours except where clocks are changed, and does not always begin at 0:00.
func TestStartOfDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, date string
		start      string // UTC
		hours      float64
	}{
		{"Asia/Seoul", "2026-05-03", "2026-05-02T15:00:00Z", 24},
		{"Asia/Kathmandu", "2026-05-03", "2026-05-02T18:15:00Z", 24},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5},
		{"America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", 23},    // 0:00 does not exist
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25},    // 0:00 exists twice
		{"America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00Z", 23}, // 0:00 does not exist
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z", 24}, // the day before had 25 hours
		{"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23},      // 0:00 does not exist
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24},      // the day before did not exist
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.Parse(time.RFC3339, c.start)
		if err != nil {
			t.Fatal(err)
		}
		end := start.Add(time.Duration(c.hours * float64(time.Hour)))
		for _, moment := range []time.Time{start, start.Add(12 * time.Hour), end.Add(-1)} {
			if moment = moment.In(zone); !startOfDay(moment).Equal(start) || moment.Format(time.DateOnly) != c.date {
				t.Errorf("%s: %s begins at %s, want %s at %s", c.zone, moment, startOfDay(moment), c.date, c.start)
			}
		}
		if !startOfDay(end.In(zone)).Equal(end) {
			t.Errorf("%s: the day after %s begins at %s, want %s", c.zone, c.date, startOfDay(end.In(zone)), end)
		}
	}
}
