package main

import "strings"

const (
	newText = "A new text of a bit more than sixty characters, as people write it."
	content = `{"content":"` + newText + `"}`
	reacted = `{"type":{type}}`
)

// write returns a row that writes as one viewer after the other.
func write(name, area, what, method, path, body string, clients int, ceilings []ceiling) row {
	return row{
		name: name, area: area, what: what, method: method, paths: []string{path}, body: body,
		signed: true, clients: clients, writes: true, ceilings: ceilings,
	}
}

func writes(hot string) []row {
	return []row{
		write("create-post", "post", "create a post", "POST", "/post", content, 16,
			lean("insert it and return it with its owner", `
WITH p AS (
	INSERT INTO posts (owner_uid, content) VALUES (:viewer, '`+newText+`')
	RETURNING id, owner_uid, content, modified, revision, comment_count,
		reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at
)
SELECT `+postColumns+`, `+ownerColumns+` FROM p JOIN users u ON u.uid = p.owner_uid;`)),
		write("comment", "comment", "comment on a random post", "POST", "/post/{post}/comment", content, 16,
			lean("insert it, count it, notify the post's owner", `
WITH p AS (
	UPDATE posts SET comment_count = comment_count + 1 WHERE id = :post RETURNING owner_uid
), c AS (
	INSERT INTO comments (post_id, owner_uid, content) VALUES (:post, :viewer, '`+newText+`')
	RETURNING id, post_id, owner_uid, content, modified, revision,
		reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at
), notified AS (
	INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
	SELECT p.owner_uid, 1, c.owner_uid, c.post_id, c.id FROM p, c WHERE p.owner_uid <> c.owner_uid
)
SELECT c.id, c.post_id, c.content, c.modified, c.revision, c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4,
	c.reaction_5, c.created_at, `+ownerColumns+` FROM c JOIN users u ON u.uid = c.owner_uid;`)),
		write("react", "reaction", "react to random posts", "PUT", "/post/{post}/reaction", reacted, 16,
			reactions(":post")),
		write("react-hot", "reaction", "react to the hottest post", "PUT", hot+"/reaction", reacted, 16,
			reactions(":hot")),
		write("react-hot-128", "reaction", "react to the hottest post", "PUT", hot+"/reaction", reacted, 128,
			reactions(":hot")),
	}
}

// reactions returns the ceilings of a reaction to a post.
func reactions(post string) []ceiling {
	return []ceiling{
		{
			name: "lean", what: "upsert and counters, in tables without foreign keys and further indexes",
			sql: strings.ReplaceAll(leanReaction, ":target", post),
		},
		{name: "own", what: "the store's own statement for one reaction", sql: post, own: true},
	}
}

const leanReaction = `
WITH put AS (
	INSERT INTO bench.reactions AS r (post_id, user_uid, type) VALUES (:target, :viewer, :type)
	ON CONFLICT (post_id, user_uid) DO UPDATE SET previous = r.type, type = excluded.type
	RETURNING type, coalesce(previous, 0) AS previous
)
UPDATE bench.posts SET
	reaction_1 = reaction_1 + (type = 1)::int - (previous = 1)::int,
	reaction_2 = reaction_2 + (type = 2)::int - (previous = 2)::int,
	reaction_3 = reaction_3 + (type = 3)::int - (previous = 3)::int,
	reaction_4 = reaction_4 + (type = 4)::int - (previous = 4)::int,
	reaction_5 = reaction_5 + (type = 5)::int - (previous = 5)::int
FROM put WHERE id = :target;`
