package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A plan is everything that the demo creates. It depends on the seed alone.
type plan struct {
	posts   []*post
	inboxes []inbox // by user
}

type post struct {
	key       string // the idempotency key, with which a second run does not create it again
	owner     int    // index in users
	text      string
	edited    string // the text after an edit; empty: not edited
	comments  []comment
	reactions []reaction
}

type comment struct {
	key       string
	author    int
	text      string
	edited    string
	reactions []reaction
}

type reaction struct {
	user   int
	kind   int  // 1–5
	first  int  // another type, which is put before; 0: none
	cancel bool // the reaction is canceled afterwards
}

// An inbox is what a user has done with the notifications.
type inbox int

const (
	unread inbox = iota
	halfRead
	newestUnread // all are read, and the newest is marked unread again
)

// maxComments and maxReactions are those of the hottest post, roughly.
const maxComments, maxReactions = 30, 34

func newPlan(seed uint64) plan {
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable, not secret
	var p plan
	for _, s := range subjects {
		for _, text := range s.korean.posts {
			p.posts = append(p.posts, newPost(rng, s, text, true))
		}
		for _, text := range s.english.posts {
			p.posts = append(p.posts, newPost(rng, s, text, false))
		}
	}
	rng.Shuffle(len(p.posts), func(i, j int) { p.posts[i], p.posts[j] = p.posts[j], p.posts[i] })
	for i, post := range p.posts {
		post.key = fmt.Sprintf("demo-%d-post-%d", seed, i)
		for j := range post.comments {
			post.comments[j].key = fmt.Sprintf("demo-%d-post-%d-comment-%d", seed, i, j)
		}
	}
	for range users {
		p.inboxes = append(p.inboxes, inbox(rng.IntN(3)))
	}
	return p
}

func newPost(rng *rand.Rand, s subject, text string, korean bool) *post {
	post := &post{owner: pickUser(rng, korean), text: text}
	if rng.IntN(6) == 0 {
		post.edited = text + pick(rng, edits.in(korean))
	}
	heat := rng.Float64()
	heat *= heat * heat // few posts are hot
	used := map[string]bool{}
	for range int(heat*maxComments) + rng.IntN(3) {
		inKorean := korean
		if rng.IntN(5) == 0 {
			inKorean = !korean
		}
		text := pick(rng, slices.Concat(s.in(inKorean).comments, generalComments.in(inKorean)))
		if used[text] {
			continue
		}
		used[text] = true
		c := comment{author: pickUser(rng, inKorean), text: text, reactions: newReactions(rng, rng.IntN(4))}
		if rng.IntN(8) == 0 {
			c.edited = text + pick(rng, edits.in(inKorean))
		}
		post.comments = append(post.comments, c)
	}
	post.reactions = newReactions(rng, int(heat*maxReactions)+rng.IntN(5))
	return post
}

// newReactions returns reactions of n users, mostly of the low types.
func newReactions(rng *rand.Rand, n int) (all []reaction) {
	for _, user := range rng.Perm(len(users))[:min(n, len(users))] {
		r := reaction{user: user, kind: 1 + min(rng.IntN(5), rng.IntN(5))}
		switch rng.IntN(12) {
		case 0:
			r.first = r.kind%5 + 1
		case 1:
			r.cancel = true
		}
		all = append(all, r)
	}
	return all
}

// pickUser returns the index of a user who writes in this language.
func pickUser(rng *rand.Rand, korean bool) int {
	for {
		if i := rng.IntN(len(users)); users[i].korean == korean {
			return i
		}
	}
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

func (s subject) in(korean bool) texts {
	if korean {
		return s.korean
	}
	return s.english
}

func (p phrases) in(korean bool) []string {
	if korean {
		return p.korean
	}
	return p.english
}
