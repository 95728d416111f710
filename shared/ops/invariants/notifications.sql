-- Compares the notifications with the comments and reactions that cause them. Returns one text for
-- each notification without a cause and each cause without a notification, and no row if they match.
WITH expected AS (
	SELECT p.owner_uid AS user_uid, 1::smallint AS type, c.owner_uid AS actor_uid, p.id AS post_id, c.id AS comment_id,
		NULL::smallint AS reaction_type
	FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.owner_uid <> p.owner_uid
	UNION ALL
	SELECT p.owner_uid, 2::smallint, r.user_uid, p.id, NULL::bigint, r.type
	FROM post_reactions r JOIN posts p ON p.id = r.post_id WHERE r.user_uid <> p.owner_uid
), actual AS (
	SELECT user_uid, type, actor_uid, post_id, comment_id, reaction_type FROM notifications
), differences AS (
	SELECT 'a notification has no cause' AS what, * FROM (SELECT * FROM actual EXCEPT ALL SELECT * FROM expected) a
	UNION ALL
	SELECT 'a notification is missing', * FROM (SELECT * FROM expected EXCEPT ALL SELECT * FROM actual) b
)
SELECT format('%s: for user %s, type %s, by user %s, post %s, comment %s, reaction type %s',
	what, user_uid, type, actor_uid, post_id, comment_id, reaction_type) FROM differences
