package store

import (
	"context"
	"database/sql"
	"io/fs"
	"math"
	"time"
)

// MaxWait is how long a call waits for a connection.
const MaxWait = maxWait

// DB returns the store's pool.
func (s *Store) DB() *sql.DB { return s.db.DB }

// ReadOnly makes the store run its hot reads on another store's pool.
func (s *Store) ReadOnly(other *Store) { s.hotReads = other.hotReads }

// FeedThroughBun returns the feed's first posts, by the same statement as Posts, with rows that bun scans.
func (s *Store) FeedThroughBun(ctx context.Context, viewer int64, size int) (posts []Post, err error) {
	err = s.hotReads.all(ctx, &posts, feed+feedOrder+limit(size), viewer, int64(math.MaxInt64))
	return posts, err
}

// ThroughBun makes bun scan the rows of all statements.
func (s *Store) ThroughBun() { s.hotReads.pool = nil }

// MigrateTo is Migrate with other migrations and rights than this build's.
func MigrateTo(ctx context.Context, url string, files, citus fs.FS, grants string) (applied []string, err error) {
	return schema{files, citus, grants}.migrate(ctx, url)
}

// MigrationText returns the statements of a migration.
func MigrationText(files, citus fs.FS, file string, distributed bool) (string, error) {
	return schema{files: files, citus: citus}.text(file, distributed)
}

// PutPostReactionAlone is PutPostReaction without the merger: each call runs a statement of its
// own.
func (s *Store) PutPostReactionAlone(ctx context.Context, viewer, post int64, kind int) error {
	_, err := s.reactToPost(ctx, post, []int64{viewer}, []int16{int16(kind)})
	return err
}

// The statements that a test explains.
const (
	ReactToPost          = reactToPost
	ReactToComment       = reactToComment
	PutOnPost            = putOnPost
	PutOnComment         = putOnComment
	PostsOfUser          = postsOfUser
	SnapshotAndReactions = snapshotAndReactions
)

// LearnAllRuns reads the whole feed, and learns the runs of hidden posts even where it reads fast.
func (s *Store) LearnAllRuns(ctx context.Context) {
	before := int64(math.MaxInt64)
	for {
		var items []Post
		if err := s.hotReads.all(ctx, &items, feed+feedOrder+limit(21), int64(1), before); err != nil {
			panic(err)
		}
		s.hiddenPosts.retry = time.Time{}
		s.learnRuns(ctx, before, items, 20)
		if len(items) <= 20 {
			return
		}
		before = items[20].ID
	}
}

// HiddenRuns returns how many runs are remembered.
func (s *Store) HiddenRuns() int {
	s.hiddenPosts.mu.Lock()
	defer s.hiddenPosts.mu.Unlock()
	return len(s.hiddenPosts.runs)
}

// ExpireHiddenRuns makes the remembered runs as old as those that do not count any more.
func (s *Store) ExpireHiddenRuns() {
	s.hiddenPosts.mu.Lock()
	defer s.hiddenPosts.mu.Unlock()
	for i := range s.hiddenPosts.runs {
		s.hiddenPosts.runs[i].learned = time.Now().Add(-runLife)
	}
}

// SharedFeed lists the posts as two viewers see them, to the second.
func (s *Store) SharedFeed(ctx context.Context, other, viewer int64, p Page) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	page, err := s.readFeed(ctx, []int64{other, viewer}, before, p.Size)
	return cut(page.seenBy(1), p.Size, postKey), err
}

// FeedAbove lists the posts above an id, as Posts does above a run of hidden posts.
func (s *Store) FeedAbove(ctx context.Context, viewer, floor int64, p Page) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	var items []Post
	err = s.hotReads.all(ctx, &items, feed+aboveRun+feedOrder+limit(p.Size+1), viewer, before, floor)
	return cut(items, p.Size, postKey), err
}

// PostsAlone is Posts for the first page, by a read of its own.
func (s *Store) PostsAlone(ctx context.Context, viewer int64, size int) ([]Post, error) {
	page, err := s.readFeed(ctx, []int64{viewer}, math.MaxInt64, size)
	return page.posts, err
}

// InterceptFeed calls before with the context and the viewers of each read of the feed's first page, before it.
func (s *Store) InterceptFeed(before func(ctx context.Context, viewers []int64)) {
	s.newest.list = func(ctx context.Context, viewers []int64, size int, shared bool) (feedPage, error) {
		before(ctx, viewers)
		return s.readNewest(ctx, viewers, size, shared)
	}
}

// MaxKnown is how old a page of the feed may be when it is used.
const MaxKnown = maxKnown

// SharedPosts reads the feed's first page at once for several viewers, and returns it as each sees it.
func (s *Store) SharedPosts(ctx context.Context, viewers ...int64) (pages [][]Post, err error) {
	page, err := s.readNewest(ctx, viewers, DefaultSize, true)
	for i := range viewers {
		pages = append(pages, page.seenBy(i))
	}
	return pages, err
}

// WaitingForFeed returns how many requests wait for the next read of the feed's first page of this size.
func (s *Store) WaitingForFeed(size int) int {
	s.newest.mu.Lock()
	defer s.newest.mu.Unlock()
	if q := s.newest.queues[size]; q != nil && q.next != nil {
		return q.next.waiting
	}
	return 0
}

// The bounds of the reads that requests share.
const (
	MaxReads   = maxReads
	MaxViewers = maxViewers
)

// SplitMigration returns the parts of a migration that are sent one by one.
var SplitMigration = splitMigration

// CheckReplica returns why the replica cannot be used now.
func (s *Store) CheckReplica() error { return s.hotReads.replica.check() }
