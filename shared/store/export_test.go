package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"time"
)

// MaxWait is how long a call waits for a connection.
const MaxWait = maxWait

// DB returns the store's pool.
func (s *Store) DB() *sql.DB { return s.db.DB }

// ReadFrom makes the store run its hot reads on another store's pool, as on a replica.
func (s *Store) ReadFrom(other *Store) { s.hotReads = other.hotReads }

// FeedFormatted returns the feed's first posts as bun's own query methods read them: with the
// arguments in the text of a statement that PostgreSQL plans at each call.
func (s *Store) FeedFormatted(ctx context.Context, viewer int64, size int) (posts []Post, err error) {
	formatted := strings.NewReplacer("$1", "?0", "$2", "?1").Replace(feed + feedOrder)
	var read []feedPost
	err = s.db.NewRaw(formatted+limit(size+1), viewer, int64(math.MaxInt64)).Scan(ctx, &read)
	return seenBy(read[:min(size, len(read))], 0), err
}

// PutPostReactionAlone is PutPostReaction without the merger: each call runs a statement of its
// own.
func (s *Store) PutPostReactionAlone(ctx context.Context, viewer, post int64, kind int) error {
	_, err := s.react(reactToPost, putOnPost)(ctx, post, []int64{viewer}, []int16{int16(kind)})
	return err
}

// The statements that a test explains.
const (
	ReactToPost    = reactToPost
	ReactToComment = reactToComment
	PutOnPost      = putOnPost
	PutOnComment   = putOnComment
)

// LearnAllRuns reads the whole feed, and learns the runs of hidden posts even where it reads fast.
func (s *Store) LearnAllRuns(ctx context.Context) {
	before := int64(math.MaxInt64)
	for {
		var items []feedPost
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
	items, err := s.readFeed(ctx, []int64{other, viewer}, before, p.Size)
	return cut(seenBy(items, 1), p.Size, postKey), err
}

// FeedAbove lists the posts above an id, as Posts does above a run of hidden posts.
func (s *Store) FeedAbove(ctx context.Context, viewer, floor int64, p Page) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	var items []feedPost
	err = s.hotReads.all(ctx, &items, feed+aboveRun+feedOrder+limit(p.Size+1), viewer, before, floor)
	return cut(seenBy(items, 0), p.Size, postKey), err
}

// PostsAlone is Posts for the first page, by a read of its own.
func (s *Store) PostsAlone(ctx context.Context, viewer int64, size int) ([]Post, error) {
	posts, err := s.readNewest(ctx, []int64{viewer}, size)
	return seenBy(posts, 0), err
}

// InterceptFeed calls before with the context and the viewers of each read of the feed's first page, before it.
func (s *Store) InterceptFeed(before func(ctx context.Context, viewers []int64)) {
	s.newest = newFeedSharer(func(ctx context.Context, viewers []int64, size int) ([]feedPost, error) {
		before(ctx, viewers)
		return s.readNewest(ctx, viewers, size)
	})
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
