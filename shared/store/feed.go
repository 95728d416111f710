package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// $1 is the viewer's uid.
	feed = `SELECT ` + postColumns + `, ` + myPostReaction + feedPosts
	// $1 is 0, as nobody is signed in: no reaction is looked up.
	anonymousFeed = `SELECT ` + postColumns + `, nullif($1::smallint, 0) AS my_reaction` + feedPosts
	// $1 are the uids of several viewers. A reaction of one of them is one number: the uid times eight, and
	// the type. OFFSET 0 makes the planner look each viewer's reaction up by its key. Otherwise, where most
	// posts have few reactions, it would read all reactions to a hot post. The SELECT hides $1: otherwise the
	// planner would plan the statement again at each call, for the length of the array.
	sharedFeed = `
		SELECT ` + postColumns + `, ARRAY(
			SELECT v.uid * 8 + r.type FROM unnest((SELECT $1::bigint[])) v (uid), LATERAL (
				SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = v.uid OFFSET 0
			) r
		) AS viewers_reactions` + feedPosts
	// Citus refuses a LATERAL with OFFSET.
	sharedFeedOnCitus = `
		SELECT ` + postColumns + `, ARRAY(
			SELECT r.user_uid * 8 + r.type FROM post_reactions r
			WHERE r.post_id = p.id AND r.user_uid = ANY ((SELECT $1::bigint[])::bigint[])
		) AS viewers_reactions` + feedPosts

	feedPosts = `
		FROM posts p JOIN people u ON u.uid = p.owner_uid AND u.deleted_at IS NULL WHERE p.id < $2`
	aboveRun  = ` AND p.id > $3` // the top of a run of hidden posts
	feedOrder = ` ORDER BY p.id DESC`
)

// A feedPage is a page of the feed as one viewer sees it, or several.
type feedPage struct {
	posts   []Post
	viewers []int64
	// reactions are those of the viewers to each post, as sharedFeed returns them. If it is nil, there is one
	// viewer, and the posts have that one's reactions.
	reactions [][]int64
}

// A sharedPost is a post of the feed as several viewers see it.
type sharedPost struct {
	Post             `bun:",extend"`
	ViewersReactions []int64 `bun:",array"`
}

func (p *sharedPost) columns() []any { return append(p.visibleColumns(), &p.ViewersReactions) }

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
	page, err := s.readFeed(ctx, []int64{viewer}, before, p.Size)
	return cut(page.posts, p.Size, postKey), err
}

// readFeed returns size posts and one more, if there are so many, below the id before.
func (s *Store) readFeed(ctx context.Context, viewers []int64, before int64, size int) (page feedPage, err error) {
	start := time.Now()
	page.viewers = viewers
	for from, floor := before, int64(1); floor > 0 && len(page.posts) <= size; from = floor + 1 {
		if from, floor = s.hiddenPosts.skip(from); floor == 0 {
			err = s.readPosts(ctx, &page, viewers, size+1, feedOrder, from)
		} else {
			err = s.readPosts(ctx, &page, viewers, size+1, aboveRun+feedOrder, from, floor)
		}
		if err != nil {
			return feedPage{}, fmt.Errorf("list posts: %w", err)
		}
	}
	if time.Since(start) > slowRead {
		s.learnRuns(ctx, before, page.posts, size)
	}
	return page, nil
}

// readPosts adds up to most posts to the page. The conditions follow on the statement, and their arguments on the
// viewers.
func (s *Store) readPosts(
	ctx context.Context, page *feedPage, viewers []int64, most int, conditions string, args ...any,
) error {
	conditions += limit(most)
	if len(viewers) > 1 {
		forms, err := s.forms(ctx)
		if err != nil {
			return err
		}
		args = append([]any{viewers}, args...)
		posts, err := list[sharedPost](ctx, s.hotReads, most, forms.sharedFeed+conditions, args...)
		page.posts, page.reactions = slices.Grow(page.posts, len(posts)), slices.Grow(page.reactions, len(posts))
		for _, post := range posts {
			page.posts = append(page.posts, post.Post)
			page.reactions = append(page.reactions, post.ViewersReactions)
		}
		return err
	}
	statement := feed
	if viewers[0] == 0 {
		statement = anonymousFeed
	}
	posts, err := list[Post](ctx, s.hotReads, most, statement+conditions, append([]any{viewers[0]}, args...)...)
	if page.posts == nil {
		page.posts = posts
	} else {
		page.posts = append(page.posts, posts...)
	}
	return err
}

// seenBy returns the posts as the i-th viewer sees them. Other requests may have the same slice: do not change it.
func (p feedPage) seenBy(i int) []Post {
	posts := p.posts
	for n, reactions := range p.reactions {
		for _, reaction := range reactions {
			if reaction/8 != p.viewers[i] {
				continue
			}
			if &posts[0] == &p.posts[0] {
				posts = slices.Clone(posts)
			}
			kind := int(reaction % 8)
			posts[n].MyReaction, posts[n].Memo = &kind, nil
		}
	}
	return posts
}

func postKey(p Post) string { return idKey(p.ID) }
