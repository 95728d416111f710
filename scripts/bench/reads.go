package main

import (
	"fmt"
	"strconv"

	"minifb/shared/api"
)

// get returns a row that reads as one viewer after the other.
func get(name, area, what string, ceilings []ceiling, paths ...string) row {
	return row{
		name: name, area: area, what: what, method: "GET", paths: paths, signed: true, clients: 16, ceilings: ceilings,
	}
}

// list returns a row whose first path is a page of a list.
func list(name, area, what string, ceilings []ceiling, paths ...string) row {
	r := get(name, area, what, ceilings, paths...)
	r.items = pageSize
	return r
}

const size20 = "?size=20"

func feeds(s size) []row {
	anonymous := list("feed-anonymous", "post", "the feed's first page, without a token",
		lean("the newest posts and their owners", posts+newestPosts+`;`), "/post"+size20)
	anonymous.signed = false
	return []row{
		anonymous,
		list("feed", "post", "the feed's first page, signed in",
			lean("the newest posts, their owners, the viewer's reaction to each", viewedPosts+newestPosts+`;`),
			"/post"+size20),
		list("feed-middle", "post", fmt.Sprintf("the feed's page at post %d, signed in", s.middle()),
			lean("the same posts below an id", viewedPosts+` WHERE p.id <= :middle`+newestPosts+`;`),
			"/post"+size20+"&cursor="+api.Cursor("/post?", strconv.Itoa(s.middle()+1))),
	}
}

func reads(hot string) []row {
	return []row{
		list("timeline", "timeline", "the posts of a random user with posts",
			lean("the user by ID, the newest posts, the viewer's reactions", `
SELECT `+ownerColumns+`, p.* FROM users u, LATERAL (
	SELECT `+postColumns+`, `+ownReaction+` FROM posts p WHERE p.owner_uid = u.uid`+newestPosts+`
) p WHERE lower(u.id) = 'user.' || :user::text AND u.deleted_at IS NULL;`),
			"/timeline/user.{user}"+size20),
		list("comments", "comment", "the newest comments of the hottest post",
			lean("the comments, their owners, the viewer's reaction to each", `
SELECT c.id, c.content, c.modified, c.revision, c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5,
	c.created_at, u.id, u.name, u.nickname, (
		SELECT r.type FROM comment_reactions r
		WHERE r.post_id = c.post_id AND r.comment_id = c.id AND r.user_uid = :viewer)
FROM comments c JOIN users u ON u.uid = c.owner_uid
WHERE (c.post_id, c.id) < ((SELECT :hot::bigint + 1), 0) AND (c.post_id, c.id) > ((SELECT :hot::bigint), 0)
ORDER BY c.post_id DESC, c.id DESC LIMIT 20;`),
			hot+"/comment"+size20),
		get("post", "post", "one random post",
			lean("the post, its owner, the viewer's reaction", viewedPosts+` WHERE p.id = :post;`), "/post/{post}"),
		list("notifications", "notification", "a viewer's notifications, and their unread count, at random",
			lean("the newest notifications with their actors, and the unread count, at random", `
\if :which
SELECT n.id, n.type, n.post_id, n.comment_id, n.reaction_type, n.read, n.created_at, u.id, u.name, u.nickname
FROM notifications n JOIN users u ON u.uid = n.actor_uid WHERE n.user_uid = :viewer ORDER BY n.id DESC LIMIT 20;
\else
SELECT count(*) FROM notifications WHERE user_uid = :viewer AND NOT read;
\endif`),
			"/notification"+size20, "/notification/unread-count"),
	}
}
