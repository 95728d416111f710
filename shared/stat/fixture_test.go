package stat_test

import (
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// A fixture is a database and a store.
type fixture struct {
	t     testing.TB
	url   string
	store *store.Store
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	url := testdb.URL(t)
	return &fixture{t, url, open(t, url, 5)}
}

func open(t testing.TB, url string, connections int) *store.Store {
	t.Helper()
	s, err := store.Open(url, "test", connections)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// counts returns what is stored of the last 48 hours.
func (f *fixture) counts() map[store.Endpoint]int64 {
	f.t.Helper()
	now := time.Now()
	list, err := f.store.RequestCounts(f.t.Context(), now.Add(-48*time.Hour).Truncate(store.RequestStep), now)
	if err != nil {
		f.t.Fatal(err)
	}
	counts := map[store.Endpoint]int64{}
	for _, c := range list {
		counts[store.Endpoint{Method: c.Method, Path: c.Path, Status: c.Status}] += c.N
	}
	return counts
}

func (f *fixture) int(query string) (n int) {
	f.t.Helper()
	if err := testdb.Open(f.t, f.url).QueryRow(query).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}
