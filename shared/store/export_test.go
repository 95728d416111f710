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
	formatted := strings.NewReplacer("$1", "?0", "$2", "?1").Replace(postFeed)
	err = s.db.NewRaw(formatted+limit(size+1), viewer, int64(math.MaxInt64)).Scan(ctx, &posts)
	return posts[:min(size, len(posts))], err
}

// PutPostReactionAlone is PutPostReaction without the merger: each call runs a statement of its
// own.
func (s *Store) PutPostReactionAlone(ctx context.Context, viewer, post int64, kind int) error {
	_, err := s.react(reactToPost)(ctx, post, []int64{viewer}, []int16{int16(kind)})
	return err
}

// The statements that a test explains.
const (
	ReactToPost    = reactToPost
	ReactToComment = reactToComment
)

// LearnAllRuns reads the whole feed, and learns the runs of hidden posts even where it reads fast.
func (s *Store) LearnAllRuns(ctx context.Context) {
	before := int64(math.MaxInt64)
	for {
		var items []Post
		if err := s.readPosts(ctx, &items, Page{Size: 20}, postFeed, 1, before); err != nil {
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

// FeedAbove lists the posts above an id, as Posts does above a run of hidden posts.
func (s *Store) FeedAbove(ctx context.Context, viewer, floor int64, p Page) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	return readPage(ctx, s.hotReads, p, postKey, postFeedAbove, viewer, before, floor)
}
