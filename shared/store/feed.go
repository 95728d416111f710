package store

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// $1 is the viewer's uid.
	feed = `SELECT ` + postColumns + `, ` + myPostReaction + feedPosts
	// $1 are the uids of several viewers. The planner does not see into the SELECT around it: it would plan
	// each call anew for the length of the array.
	sharedFeed = `
		SELECT ` + postColumns + `, ARRAY(
			SELECT coalesce((SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = viewer), 0)
			FROM unnest((SELECT $1::bigint[])) viewer) AS viewers_reactions` + feedPosts

	feedPosts = `
		FROM posts p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL WHERE p.id < $2`
	aboveRun  = ` AND p.id > $3` // the top of a run of hidden posts
	feedOrder = ` ORDER BY p.id DESC`
)

// A feedPost is a post of the feed as one viewer sees it, or several.
type feedPost struct {
	Post             `bun:",extend"`
	ViewersReactions []int `bun:",array"` // in the order of several viewers; 0 is none
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
	statement, seeing := feed, any(viewers[0])
	if len(viewers) > 1 {
		statement, seeing = sharedFeed, viewers
	}
	for from, floor := before, int64(1); floor > 0 && len(posts) <= size; from = floor + 1 {
		var more []feedPost
		if from, floor = s.hiddenPosts.skip(from); floor == 0 {
			err = s.hotReads.all(ctx, &more, statement+feedOrder+limit(size+1), seeing, from)
		} else {
			err = s.hotReads.all(ctx, &more, statement+aboveRun+feedOrder+limit(size+1), seeing, from, floor)
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

// seenBy returns the posts as the i-th viewer sees them, of several or of one.
func seenBy(posts []feedPost, i int) []Post {
	seen := make([]Post, len(posts))
	for n, post := range posts {
		seen[n] = post.Post
		if len(post.ViewersReactions) == 0 {
			continue
		}
		if kind := post.ViewersReactions[i]; kind != 0 {
			seen[n].MyReaction = &kind
		}
	}
	return seen
}

func postKey(p Post) string { return idKey(p.ID) }
