package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A plan is all that is going to be said and done. The same seed makes the same one.
type plan struct {
	posts []*post
	// inboxes say how far each person has got with the notifications.
	inboxes []inbox
}

type post struct {
	key       string // makes a second run find it again
	owner     int    // of people
	text      string
	edited    string // empty: it is not
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
	who    int
	kind   int  // 1–5
	first  int  // another type that was put before; 0: none
	cancel bool // it is taken back
}

type inbox int

const (
	untouched inbox = iota
	halfRead
	oneUnread // all read, and the newest marked unread again
)

const mostComments, mostReactions = 30, 34 // on the hottest post

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
	for range people {
		p.inboxes = append(p.inboxes, inbox(rng.IntN(3)))
	}
	return p
}

func newPost(rng *rand.Rand, s subject, text string, korean bool) *post {
	post := &post{owner: someone(rng, korean), text: text}
	if rng.IntN(6) == 0 {
		post.edited = text + pick(rng, afterthoughts.in(korean))
	}
	// A few posts are hot, most are not.
	heat := rng.Float64()
	heat *= heat * heat
	said := map[string]bool{}
	for range int(heat*mostComments) + rng.IntN(3) {
		speaksKorean := korean
		if rng.IntN(5) == 0 {
			speaksKorean = !korean
		}
		words := pick(rng, slices.Concat(s.in(speaksKorean).comments, general.in(speaksKorean)))
		if said[words] {
			continue
		}
		said[words] = true
		c := comment{author: someone(rng, speaksKorean), text: words, reactions: reactions(rng, rng.IntN(4))}
		if rng.IntN(8) == 0 {
			c.edited = words + pick(rng, afterthoughts.in(speaksKorean))
		}
		post.comments = append(post.comments, c)
	}
	post.reactions = reactions(rng, int(heat*mostReactions)+rng.IntN(5))
	return post
}

// reactions are those of n people, mostly of the kinder types.
func reactions(rng *rand.Rand, n int) (all []reaction) {
	for _, who := range rng.Perm(len(people))[:min(n, len(people))] {
		r := reaction{who: who, kind: 1 + min(rng.IntN(5), rng.IntN(5))}
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

// someone is a person, by index, who speaks the language.
func someone(rng *rand.Rand, korean bool) int {
	for {
		if i := rng.IntN(len(people)); people[i].korean == korean {
			return i
		}
	}
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

func (s subject) in(korean bool) talk {
	if korean {
		return s.korean
	}
	return s.english
}

func (c chorus) in(korean bool) []string {
	if korean {
		return c.korean
	}
	return c.english
}
