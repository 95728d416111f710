-- A few rows for each table, so that the checks see what the later migrations do to existing rows.
INSERT INTO users (id, password_hash, name, nickname, intro, email) VALUES
    ('alice', 'pbkdf2:sha256:1$a$b', 'Alice', 'Al', 'Hello', 'alice@example.com'),
    ('robert', 'pbkdf2:sha256:1$a$b', 'Robert', NULL, NULL, NULL);
INSERT INTO posts (owner_uid, content, comment_count, reaction_1)
    SELECT uid, 'A post of ' || name, 1, 1 FROM users;
INSERT INTO comments (post_id, owner_uid, content)
    SELECT p.id, u.uid, 'A comment' FROM posts p JOIN users u ON u.uid <> p.owner_uid;
INSERT INTO post_reactions (post_id, user_uid, type) SELECT post_id, owner_uid, 1 FROM comments;
INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
    SELECT post_id, id, owner_uid, 2 FROM comments;
INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
    SELECT p.owner_uid, 1, c.owner_uid, p.id, c.id FROM comments c JOIN posts p ON p.id = c.post_id;
INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
    SELECT p.owner_uid, 2, r.user_uid, p.id, r.type FROM post_reactions r JOIN posts p ON p.id = r.post_id;
INSERT INTO sessions (user_uid, expires_at) SELECT uid, now() + interval '1 day' FROM users, generate_series(1, 2);
INSERT INTO refresh_tokens (hash, session_id) SELECT sha256(id::text::bytea), id FROM sessions;
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions LIMIT 1); -- the trigger writes it into ended_sessions
