package main

import (
	"fmt"
	"slices"
	"strings"
)

// A row is one kind of request that is measured. In paths and bodies, {post}, {user} and {type} stand for random
// values: a post, a user with posts, and a type of reaction. In SQL, :post, :user, :type, :viewer and :which do: the
// fourth is a signed-in user, and the last is 0 or 1.
type row struct {
	name, what string
	area       string // whose function
	method     string
	paths      []string // one of them at random
	body       string
	signed     bool // as one viewer after the other
	clients    int  // at the same time
	items      int  // of the list in each response; 0: it is none
	writes     bool
	direct     bool // not through nginx
	ceilings   []ceiling
}

// A ceiling is SQL that does the least for the same result, run by pgbench. The ratio of a row is that to its first
// ceiling.
type ceiling struct {
	name, what string
	sql        string // empty for hashes
	own        bool   // the store's own statement, which is not known before; sql is the post
}

const pageSize = 20

// What the lean statements read of a post, of its owner, and of the viewer's reaction.
const (
	postColumns = `p.id, p.content, p.modified, p.revision, p.comment_count,
	p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5, p.created_at`
	ownerColumns = `u.id, u.name, u.nickname`
	ownReaction  = `(SELECT r.type FROM post_reactions r WHERE r.post_id = p.id AND r.user_uid = :viewer)`
	posts        = `SELECT ` + postColumns + `, ` + ownerColumns + ` FROM posts p JOIN users u ON u.uid = p.owner_uid`
	viewedPosts  = `SELECT ` + postColumns + `, ` + ownerColumns + `, ` + ownReaction + `
FROM posts p JOIN users u ON u.uid = p.owner_uid`
	newestPosts = ` ORDER BY p.id DESC LIMIT 20`
)

// rows returns all rows for data of this size, those that read first.
func rows(s size) []row {
	hot := fmt.Sprintf("/post/%d", s.hot())
	return slices.Concat(feeds(s), reads(hot), writes(hot), []row{signIn, healthz})
}

// rowNames lists the names of all rows.
func rowNames() string {
	var names []string
	for _, r := range rows(standard) {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

func lean(what, sql string) []ceiling { return []ceiling{{name: "lean", what: what, sql: sql}} }

var signIn = row{
	name: "sign-in", what: "sign in as a random user with posts", area: "auth",
	method: "POST", paths: []string{"/auth"},
	body: `{"id":"user.{user}","password":"` + plainPassword + `"}`, clients: 16, writes: true,
	ceilings: []ceiling{{name: "hashes", what: "the password hashes that package password computes on all cores"}},
}

// healthz is not among the routes that nginx passes on.
var healthz = row{
	name: "healthz", what: "a response without a database", area: "post", method: "GET", paths: []string{"/healthz"},
	clients: 16, direct: true,
}
