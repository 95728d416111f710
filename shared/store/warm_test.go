package store_test

import (
	"testing"

	"minifb/shared/store"
)

func TestWarm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 0)
	reads := []store.WarmUp{
		store.WarmUser, store.WarmPost, store.WarmFeed, store.WarmAnonymousFeed, store.WarmSharedFeed,
		store.WarmKnownFeed, store.WarmKnownFeedOfViewer, store.WarmTimeline, store.WarmComments,
		store.WarmReactions, store.WarmNotifications, store.WarmUnreadCount, store.WarmSessions,
	}
	if err := f.store.Warm(t.Context(), reads...); err != nil {
		t.Fatal(err)
	}
	if pool := f.store.DB().Stats(); pool.Idle != 1 || pool.InUse != 0 {
		t.Errorf("%d connections are idle and %d in use, want 1 and 0", pool.Idle, pool.InUse)
	}
	prepared, want := 0, len(reads)
	if forCitus(t) {
		want -= 2 // it has no known page
	}
	row := f.store.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_prepared_statements`)
	if err := row.Scan(&prepared); err != nil || prepared < want {
		t.Errorf("%d statements are prepared, want %d, %v", prepared, want, err)
	}
	closed := f.open("")
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if err := closed.Warm(t.Context()); !store.IsOutage(err) {
		t.Errorf("without a database: got %v, want an outage", err)
	}
}
