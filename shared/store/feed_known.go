package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// maxKnown is how old a page may be when it is used. A restart after a crash takes longer, and so does a failover
	// that stops the old primary first. After one, PostgreSQL may give the numbers of lost transactions to others, and
	// have an old snapshot again.
	maxKnown = 50 * time.Millisecond
	// maxSkips is the most reads in a row that do not compare.
	maxSkips = 8
)

const (
	// snapshot returns PostgreSQL's snapshot, in the columns of snapshotAndReactions. On a standby, where it leaves out
	// the transactions that have not ended, it returns ''.
	snapshot   = `SELECT ` + snapshotID + `, 0, 0::bigint`
	snapshotID = `CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_current_snapshot()::text END`
	// snapshotAndReactions returns the snapshot and, if it is still $3, the reactions of the viewers $1 to the posts
	// $2: the place of the post, from 1 on, and the reaction as in sharedFeed. It looks each up by its key, as
	// sharedFeed does. The SELECT makes PostgreSQL evaluate the condition once, before the lookups.
	snapshotAndReactions = snapshot + `
		UNION ALL
		SELECT '', p.place, v.uid * 8 + r.type
		FROM unnest((SELECT $2::bigint[])) WITH ORDINALITY p (id, place), unnest((SELECT $1::bigint[])) v (uid),
			LATERAL (
				SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = v.uid OFFSET 0
			) r
		WHERE (SELECT ` + snapshotID + `) = $3`
)

// A knownPage is the feed's first page, and PostgreSQL's snapshot before it was read. As long as PostgreSQL has the
// same snapshot, no transaction that wrote has ended since, so the page is what it would return again.
type knownPage struct {
	asked    time.Time // before the snapshot was taken
	snapshot string
	posts    []Post // without any viewer's reactions
	ids      []int64
}

// isYoung reports whether the page is younger than maxKnown by both clocks: the monotonic clock may stop while Lambda
// has the process frozen.
func (k *knownPage) isYoung() bool {
	wall := time.Now().Round(0).Sub(k.asked.Round(0))
	return time.Since(k.asked) < maxKnown && wall >= 0 && wall < maxKnown
}

// A lastPage holds a page of the usual size that was read lately, if any. Reads that run at once may each replace it:
// whichever is kept is compared before it is used.
type lastPage struct {
	mu     sync.Mutex
	page   *knownPage
	misses int // pages in a row that were of no use, up to maxSkips
	skip   int // reads that are still not to compare
}

// take returns the page to compare. If it returns nil, learn says whether to learn one. While there are so many writes
// that no page stays current, most reads do neither.
func (l *lastPage) take() (page *knownPage, learn bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.page != nil && !l.page.isYoung() {
		l.miss()
	}
	if l.skip > 0 {
		l.skip--
		return nil, false
	}
	return l.page, true
}

func (l *lastPage) miss() {
	l.page, l.skip = nil, l.misses // none after the first miss
	l.misses = min(l.misses+1, maxSkips)
}

// hit says that a page was current.
func (l *lastPage) hit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.misses = 0
}

// learn keeps a page, unless reads are not to compare. missed is the page that the read compared, or nil.
func (l *lastPage) learn(page, missed *knownPage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if missed != nil && missed == l.page { // another read may have replaced it
		l.miss()
	}
	if l.skip == 0 {
		l.page = page
	}
}

// readNewest reads the first page for viewers. If it is known, it reads only their reactions.
func (s *Store) readNewest(ctx context.Context, viewers []int64, size int, shared bool) (feedPage, error) {
	if size != DefaultSize { // a page of each size would take too much memory
		return s.readFeed(ctx, viewers, math.MaxInt64, size)
	}
	if ok, err := s.comparesSnapshots(ctx); err != nil {
		return feedPage{}, err
	} else if !ok {
		return s.readFeed(ctx, viewers, math.MaxInt64, size)
	}
	known, learn := s.lastNewest.take()
	if known == nil && !(learn && shared) { // to learn a page takes another round trip
		return s.readFeed(ctx, viewers, math.MaxInt64, size)
	}
	asked := time.Now()
	current, reactions, err := s.compare(ctx, viewers, known)
	if err != nil {
		return feedPage{}, fmt.Errorf("list posts: %w", err)
	}
	if known != nil && current == known.snapshot && known.isYoung() { // PostgreSQL may have been away meanwhile
		s.lastNewest.hit()
		return feedPage{posts: known.posts, viewers: viewers, reactions: reactions}, nil
	}
	page, err := s.readFeed(ctx, viewers, math.MaxInt64, size)
	if err == nil && current != "" {
		s.lastNewest.learn(newKnownPage(asked, current, page.posts), known)
	}
	return page, err
}

func newKnownPage(asked time.Time, snapshot string, posts []Post) *knownPage {
	k := &knownPage{asked, snapshot, slices.Clone(posts), make([]int64, len(posts))}
	memos := make([]Memo, len(posts))
	for i := range posts {
		k.ids[i] = posts[i].ID
		k.posts[i].MyReaction, k.posts[i].Memo = nil, &memos[i]
	}
	return k
}

// compare returns the current snapshot and, if it is that of the known page, the viewers' reactions to its posts. The
// page may be nil.
func (s *Store) compare(
	ctx context.Context, viewers []int64, known *knownPage,
) (current string, reactions [][]int64, err error) {
	statement, args := snapshot, []any(nil)
	if known != nil {
		reactions = make([][]int64, len(known.posts))
		if !slices.Equal(viewers, []int64{0}) {
			statement, args = snapshotAndReactions, []any{viewers, known.ids, known.snapshot}
		}
	}
	var text string
	var place int
	var reaction int64
	err = s.hotReads.native(ctx, statement, args, []any{&text, &place, &reaction}, func() {
		if place == 0 {
			current = text
		} else {
			reactions[place-1] = append(reactions[place-1], reaction)
		}
	})
	return current, reactions, err
}

// comparesSnapshots reports whether equal snapshots mean equal rows. In a transaction they do not, because it sees its
// own changes. With a replica, a read may be on a standby.
func (s *Store) comparesSnapshots(ctx context.Context) (bool, error) {
	if s.hotReads.pool == nil || s.hotReads.replica != nil {
		return false, nil
	}
	forms, err := s.forms(ctx)
	if err != nil {
		return false, err
	}
	return forms.snapshot != "", nil
}
