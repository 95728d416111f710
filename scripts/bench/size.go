package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A size says how many rows the data has. Its JSON is kept with the data.
type size struct {
	Posts, Users, Reactions, Comments int
	HotReactions, HotComments         int // those of the hottest post, which are among them
	Writers                           int // users with posts
	Viewers                           int // users who send requests; they are among the writers
}

// standard is what `make bench` loads.
var standard = size{
	Posts: 1_000_000, Users: 250_000, Reactions: 9_600_000, Comments: 5_000_000,
	HotReactions: 200_000, HotComments: 50_000, Writers: 12_500, Viewers: 2_000,
}

// leastPosts is so many that each list of the rows has a whole page.
const leastPosts = 2_000

// writerStep is the distance between the uids of two writers.
func (s size) writerStep() int { return s.Users / s.Writers }

// viewerStep is the distance between the uids of two viewers, and firstViewer the first one's uid.
func (s size) viewerStep() int  { return s.writerStep() * (s.Writers / s.Viewers) }
func (s size) firstViewer() int { return s.viewerStep() / s.writerStep() / 2 * s.writerStep() }

// hot is the id of the hottest post, and middle that of the newest one below the middle.
func (s size) hot() int    { return s.Posts - s.Posts/10 }
func (s size) middle() int { return s.Posts / 2 }

// exponent is how fast the numbers of reactions and comments fall from post to post, in the order of their numbers.
const exponent = 0.7

// scale returns the scale of bench.share with which all posts but the hottest have this many rows.
func (s size) scale(total int) float64 {
	sum := 0.0
	for rank := 1; rank <= s.Posts; rank++ {
		sum += math.Pow(float64(s.Posts)/float64(rank), exponent)
	}
	return float64(total) / sum
}

// variables returns the numbers that are the same in the requests and in the SQL of the ceilings, by name.
func (s size) variables() map[string]int {
	return map[string]int{
		"posts": s.Posts, "hot": s.hot(), "middle": s.middle(), "writers": s.Writers, "writer_step": s.writerStep(),
		"viewers": s.Viewers, "viewer_step": s.viewerStep(), "first_viewer": s.firstViewer(),
	}
}

// fill replaces what data.sql has in braces.
func (s size) fill(text, passwordHash, now string) string {
	pairs := []string{
		"{text}", strings.Repeat("The quick brown fox jumps over the lazy dog, and ", 7), "{now}", now,
		"{password_hash}", passwordHash, "{exponent}", fmt.Sprint(exponent), "{users}", strconv.Itoa(s.Users),
		"{hot_reactions}", strconv.Itoa(s.HotReactions), "{hot_comments}", strconv.Itoa(s.HotComments),
		"{reaction_scale}", fmt.Sprint(s.scale(s.Reactions - s.HotReactions)),
		"{comment_scale}", fmt.Sprint(s.scale(s.Comments - s.HotComments)),
	}
	for name, value := range s.variables() {
		pairs = append(pairs, "{"+name+"}", strconv.Itoa(value))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
