package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// feed returns the ids of all posts that the feed lists, page by page.
func (f *fixture) feed(s *store.Store, size int) (ids []int64) {
	f.t.Helper()
	for p := (store.Page{Size: size}); ; {
		list, err := s.Posts(f.t.Context(), f.users[0], p)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, post := range list.Items {
			ids = append(ids, post.ID)
		}
		if list.Next == "" {
			return ids
		}
		p.After = list.Next
	}
}

// visible returns the ids of the posts that the feed must list.
func (f *fixture) visible() []int64 {
	return f.column(`SELECT p.id FROM posts p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL
		ORDER BY p.id DESC`)
}

const insertPosts = `INSERT INTO posts (owner_uid, content) SELECT $1, 'post' FROM generate_series(1, $2)`

// With and without remembered runs, before, while and after their rows are swept, every page of the
// feed is the same.
func TestFeedWithHiddenRuns(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 4)
	// Newest and oldest posts are visible, then newest and oldest are hidden.
	for _, posts := range [][2]int64{
		{1, 700}, {0, 3}, {1, 900}, {0, 1}, {1, 100}, {2, 600}, {0, 25}, {1, 800}, {2, 800},
	} {
		f.exec(insertPosts, f.users[posts[0]], posts[1])
	}
	check := func(when string) {
		t.Helper()
		want := f.visible()
		sizes := []int{1, 3, 100}
		if len(want) > 1000 {
			sizes = sizes[2:]
		}
		for _, size := range sizes {
			if got := f.feed(f.store, size); !slices.Equal(got, want) {
				t.Errorf("%s, pages of %d: the feed has %d posts, want %d", when, size, len(got), len(want))
			}
		}
	}
	check("before any deletion")
	for _, user := range f.users[1:3] {
		if err := f.store.DeleteAccount(t.Context(), f.credential(user)); err != nil {
			t.Fatal(err)
		}
	}
	check("after the deletion")
	f.store.LearnAllRuns(t.Context())
	if runs := f.store.HiddenRuns(); runs < 3 {
		t.Fatalf("%d runs are remembered, want 3 or more", runs)
	}
	check("with remembered runs")
	f.exec(insertPosts, f.users[0], 5)
	check("after more posts")
	if err := f.store.DeleteOwnPost(t.Context(), f.users[0], f.visible()[7], nil); err != nil {
		t.Fatal(err)
	}
	check("after the deletion of a post between two runs")
	if err := f.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after the sweep")
}

// The role of the function post has the rights to learn them.
func TestHiddenRunsAreLearnedByThePostFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	f.exec(insertPosts, f.users[0], 1)
	f.exec(insertPosts, f.users[1], 1000)
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	address, err := testdb.WithRole(f.url, "minifb_post")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(address, "test", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.LearnAllRuns(t.Context())
	if runs := s.HiddenRuns(); runs != 1 {
		t.Errorf("%d runs are remembered, want 1", runs)
	}
}

// A run that is too old counts no more: the feed is read as if it had never been learned.
func TestHiddenRunsExpire(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	f.exec(insertPosts, f.users[0], 1)
	f.exec(insertPosts, f.users[1], 1000)
	f.exec(insertPosts, f.users[0], 1)
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	f.store.LearnAllRuns(t.Context())
	if runs := f.store.HiddenRuns(); runs != 1 {
		t.Errorf("%d runs are remembered below a visible post, want 1", runs)
	}
	f.store.ExpireHiddenRuns()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if list, err := f.store.Posts(ctx, 0, store.Page{Size: 20}); err != nil || len(list.Items) != 2 {
		t.Errorf("the feed has %d posts, %v, want 2", len(list.Items), err)
	}
}

// A post whose transaction commits late, after a run around its id was read past, is listed.
func TestLatePostWithinAHiddenRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	f.exec(insertPosts, f.users[0], 1)
	f.exec(insertPosts, f.users[1], 1000)
	tx := f.begin()
	if _, err := tx.Exec(insertPosts, f.users[2], 1); err != nil {
		t.Fatal(err)
	}
	f.exec(insertPosts, f.users[1], 1000)
	if err := f.store.DeleteAccount(t.Context(), f.credential(f.users[1])); err != nil {
		t.Fatal(err)
	}
	f.store.LearnAllRuns(t.Context())
	if runs := f.store.HiddenRuns(); runs != 0 {
		t.Errorf("%d runs are remembered, want none while a post may be committed", runs)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.feed(f.store, 20), f.visible(); !slices.Equal(got, want) || len(got) != 2 {
		t.Errorf("the feed has %v, want %v", got, want)
	}
	f.store.LearnAllRuns(t.Context())
	if runs := f.store.HiddenRuns(); runs != 2 {
		t.Errorf("%d runs are remembered, want those above and below the late post", runs)
	}
	if got, want := f.feed(f.store, 20), f.visible(); !slices.Equal(got, want) || len(got) != 2 {
		t.Errorf("with remembered runs the feed has %v, want %v", got, want)
	}
}

// BenchmarkFeedBehindHiddenPosts measures GET /post's query before an account with the newest
// 150,000 posts is deleted, right after that, while it is swept, and after the sweep. It reports the
// median and the 99th percentile of each, how long the deletion and the sweep took, and how many
// reads the first process needed to learn the run. Run it with -benchtime=1x.
func BenchmarkFeedBehindHiddenPosts(b *testing.B) {
	for b.Loop() {
		f := newFixture(b, 3)
		f.exec(insertPosts, f.users[0], 20_000)
		f.exec(insertPosts, f.users[1], 150_000)
		f.exec(`ANALYZE`)
		measure := func(phase string, reads int, done <-chan error) {
			var times []time.Duration
			for open := true; open && len(times) < reads; {
				start := time.Now()
				if _, err := f.store.Posts(b.Context(), f.users[0], store.Page{Size: 20}); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
				time.Sleep(5 * time.Millisecond)
				select {
				case err := <-done:
					if err != nil {
						b.Fatal(err)
					}
					open = false
				default:
				}
			}
			first := times[0]
			slices.Sort(times)
			for name, d := range map[string]time.Duration{
				"p50": times[len(times)/2], "p99": times[len(times)*99/100], "first": first,
			} {
				b.ReportMetric(float64(d.Microseconds())/1000, fmt.Sprintf("%s-%s-ms", phase, name))
			}
			b.ReportMetric(float64(len(times)), phase+"-reads")
		}
		measure("before", 500, nil)
		start := time.Now()
		if err := f.store.DeleteAccount(b.Context(), f.credential(f.users[1])); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "deletion-ms")
		measure("hidden", 500, nil)
		swept := make(chan error, 1)
		start = time.Now()
		go func() { swept <- f.open("").Sweep(b.Context()) }()
		measure("sweeping", 1_000_000, swept)
		b.ReportMetric(time.Since(start).Seconds(), "sweep-s")
		measure("after", 500, nil)
	}
}
