package store

import (
	"context"
	"fmt"
	"math"
	"time"
)

// $1 are the uids of the viewers. The planner does not see into the SELECT around it: it would plan
// each call anew for the length of the array.
const (
	feedColumns = `
		SELECT ` + postColumns + `, ARRAY(
			SELECT coalesce((SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = viewer), 0)
			FROM unnest((SELECT $1::bigint[])) viewer) AS viewers_reactions
		FROM posts p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL`
	feed = feedColumns + ` WHERE p.id < $2 ORDER BY p.id DESC`
	// feedAbove is feed down to the top of a run of hidden posts.
	feedAbove = feedColumns + ` WHERE p.id < $2 AND p.id > $3 ORDER BY p.id DESC`
)

// A feedPost is a post of the feed as several viewers see it.
type feedPost struct {
	Post             `bun:",extend"`
	ViewersReactions []int `bun:",array"` // in the viewers' order; 0 is none
}

// Posts lists all posts, newest first.
func (s *Store) Posts(ctx context.Context, viewer int64, p Page) (List[Post], error) {
	if p.After == "" {
		posts, err := s.newest.read(ctx, viewer, p.Size)
		return cut(posts, p.Size, postKey), err
	}
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	posts, err := s.readFeed(ctx, []int64{viewer}, before, p.Size)
	return cut(seenBy(posts, 0), p.Size, postKey), err
}

// readFeed returns size posts and one more, if there are so many, below the id before.
func (s *Store) readFeed(ctx context.Context, viewers []int64, before int64, size int) (posts []feedPost, err error) {
	start := time.Now()
	for from, floor := before, int64(1); floor > 0 && len(posts) <= size; from = floor + 1 {
		var more []feedPost
		if from, floor = s.hiddenPosts.skip(from); floor == 0 {
			err = s.hotReads.all(ctx, &more, feed+limit(size+1), viewers, from)
		} else {
			err = s.hotReads.all(ctx, &more, feedAbove+limit(size+1), viewers, from, floor)
		}
		if err != nil {
			return nil, fmt.Errorf("list posts: %w", err)
		}
		posts = append(posts, more...)
	}
	if time.Since(start) > slowRead {
		s.learnRuns(ctx, before, posts, size)
	}
	return posts, nil
}

// readNewest is readFeed for the first page.
func (s *Store) readNewest(ctx context.Context, viewers []int64, size int) ([]feedPost, error) {
	return s.readFeed(ctx, viewers, math.MaxInt64, size)
}

// seenBy returns the posts as the i-th viewer sees them.
func seenBy(posts []feedPost, i int) []Post {
	seen := make([]Post, len(posts))
	for n, post := range posts {
		seen[n] = post.Post
		if kind := post.ViewersReactions[i]; kind != 0 {
			seen[n].MyReaction = &kind
		}
	}
	return seen
}

func postKey(p Post) string { return idKey(p.ID) }
