-- The data of make bench, for an empty database. Each part begins with a comment that names it: parts of the same number
-- run at the same time. {…} are replaced.

-- 1 users
CREATE SCHEMA bench;
-- The owner of a post: one of the writers, the first of whom write the most.
CREATE FUNCTION bench.owner(post bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN {writer_step} * (1 + floor({writers} * ((post * 2654435761 % 1000003) / 1000003.0::float8) ^ 2)::bigint);
-- How many comments or reactions a post has: few for most, in a long tail. scale is that of the post with the fewest.
CREATE FUNCTION bench.share(post bigint, scale float8) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least({users} / 4, floor(scale * ({posts}::float8 / (post * 7919 % {posts} + 1)) ^ {exponent}
    + (post * 104729 % 1000) / 1000.0::float8)::bigint);
CREATE FUNCTION bench.posted(post bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN timestamptz '{now}' - interval '1 hour' - ({posts} - post) * (interval '2 years' / {posts});
INSERT INTO users (uid, id, password_hash, name, nickname, intro, created_at) OVERRIDING SYSTEM VALUE
    SELECT u, 'user.' || u, '{password_hash}', 'User ' || u, CASE WHEN u % 2 = 0 THEN 'Nick ' || u END,
        CASE WHEN u % 3 = 0 THEN 'Hello, I am user ' || u END, now() - interval '3 years'
    FROM generate_series(1, {users}) u;

-- 2 reactions
TRUNCATE post_reactions;
INSERT INTO post_reactions (post_id, user_uid, type, created_at)
    SELECT p, 1 + (p * 7907 + i) % {users}, 1 + floor(5 * random() * random())::smallint, at + i * interval '10 ms'
    FROM (
        SELECT p, bench.posted(p) AS at,
            CASE p WHEN {hot} THEN {hot_reactions} ELSE bench.share(p, {reaction_scale}) END AS n
        FROM generate_series(1, {posts}::bigint) p OFFSET 0
    ) posts, generate_series(0, n - 1) i;

-- 2 comments
TRUNCATE comments CASCADE;
INSERT INTO comments (post_id, owner_uid, content, created_at)
    SELECT p, 1 + (p * 104729 + i * 7919) % {users}, left('{text}', 10 + ((p + i * 31) % 120)::integer), at + i * interval '40 ms'
    FROM (
        SELECT p, bench.posted(p) AS at,
            CASE p WHEN {hot} THEN {hot_comments} ELSE bench.share(p, {comment_scale}) END AS n
        FROM generate_series(1, {posts}::bigint) p OFFSET 0
    ) posts, generate_series(0, n - 1) i;

-- 3 posts
INSERT INTO posts (id, owner_uid, content, comment_count,
        reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at) OVERRIDING SYSTEM VALUE
    SELECT p, bench.owner(p), left('{text}', 20 + (p * 37 % 280)::integer), coalesce(c.n, 0),
        coalesce(n1, 0), coalesce(n2, 0), coalesce(n3, 0), coalesce(n4, 0), coalesce(n5, 0), bench.posted(p)
    FROM generate_series(1, {posts}::bigint) p
    LEFT JOIN (SELECT post_id, count(*) AS n FROM comments GROUP BY post_id) c ON c.post_id = p
    LEFT JOIN (
        SELECT post_id, count(*) FILTER (WHERE type = 1) AS n1, count(*) FILTER (WHERE type = 2) AS n2,
            count(*) FILTER (WHERE type = 3) AS n3, count(*) FILTER (WHERE type = 4) AS n4,
            count(*) FILTER (WHERE type = 5) AS n5
        FROM post_reactions GROUP BY post_id
    ) r ON r.post_id = p
    ORDER BY p;

-- 3 notifications
TRUNCATE notifications;
-- Of a part of the reactions and comments: the owners have deleted none, but were not always notified.
INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type, read, created_at)
    SELECT bench.owner(post_id), 2, user_uid, post_id, type, random() < 0.8, created_at
    FROM post_reactions WHERE user_uid % 10 = 1 AND user_uid <> bench.owner(post_id);
INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id, read, created_at)
    SELECT bench.owner(post_id), 1, owner_uid, post_id, id, random() < 0.8, created_at
    FROM comments WHERE id % 3 = 0 AND owner_uid <> bench.owner(post_id);

-- 3 reactions without foreign keys
-- What the lean reaction of the ceiling writes: the same rows, without foreign keys and further indexes.
CREATE TABLE bench.reactions (
    post_id bigint, user_uid bigint, type smallint NOT NULL, previous smallint, PRIMARY KEY (post_id, user_uid)
) WITH (fillfactor = 90);
INSERT INTO bench.reactions (post_id, user_uid, type)
    SELECT post_id, user_uid, type FROM post_reactions ORDER BY post_id, user_uid;

-- 4 totals and sequences
CREATE TABLE bench.posts (
    id bigint PRIMARY KEY, reaction_1 integer, reaction_2 integer, reaction_3 integer, reaction_4 integer,
    reaction_5 integer
) WITH (fillfactor = 90);
INSERT INTO bench.posts SELECT id, reaction_1, reaction_2, reaction_3, reaction_4, reaction_5 FROM posts ORDER BY id;
TRUNCATE totals, total_changes;
INSERT INTO totals SELECT 'users', '-infinity', count(*) FROM users;
INSERT INTO totals
    SELECT 'posts', CASE WHEN created_at < now() - interval '50 hours' THEN '-infinity'
        ELSE date_bin('15 minutes', created_at, 'epoch') END, count(*)
    FROM posts GROUP BY 2;
SELECT setval(pg_get_serial_sequence('users', 'uid'), {users});
SELECT setval(pg_get_serial_sequence('posts', 'id'), {posts});
