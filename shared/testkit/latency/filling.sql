-- The rows of a database that is compared: 1,000 users, 20,000 posts, 100,000 comments and 200,000 reactions. The
-- counters match their rows. The last post has most.
INSERT INTO users (id, password_hash, name) SELECT 'user.' || n, 'no password at all', 'User ' || n FROM generate_series(1, 1000) n;
INSERT INTO posts (owner_uid, content, created_at)
    SELECT 1 + p % 1000, repeat('some words ', 10), now() - interval '1 day' + p * interval '1 second'
    FROM generate_series(1, 20000) p ORDER BY p;
INSERT INTO comments (post_id, owner_uid, content)
    SELECT CASE WHEN n <= 5000 THEN 20000 ELSE 1 + n % 19999 END, 1 + n * 7 % 1000, repeat('a comment ', 5)
    FROM generate_series(1, 100000) n ORDER BY n;
INSERT INTO post_reactions (post_id, user_uid, type)
    SELECT p, 1 + (p * 13 + n) % 1000, 1 + (p + n) % 5 FROM generate_series(1, 19920) p, generate_series(1, 10) n;
INSERT INTO post_reactions (post_id, user_uid, type) SELECT 20000, n, 1 + n % 5 FROM generate_series(1, 800) n;
UPDATE posts SET comment_count = n
    FROM (SELECT post_id, count(*) AS n FROM comments GROUP BY post_id) counted WHERE id = post_id;
UPDATE posts SET reaction_1 = n1, reaction_2 = n2, reaction_3 = n3, reaction_4 = n4, reaction_5 = n5
    FROM (
        SELECT post_id, count(*) FILTER (WHERE type = 1) AS n1, count(*) FILTER (WHERE type = 2) AS n2,
            count(*) FILTER (WHERE type = 3) AS n3, count(*) FILTER (WHERE type = 4) AS n4,
            count(*) FILTER (WHERE type = 5) AS n5
        FROM post_reactions GROUP BY post_id
    ) counted WHERE id = post_id;
ANALYZE;
