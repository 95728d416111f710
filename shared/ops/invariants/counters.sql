-- Compares every counter of the schema with the rows that it counts. Returns one text for each post
-- or comment with a wrong counter, and for each wrong total, and no row where all are right. Add each new counter here.
WITH parts AS (
	SELECT what, quarter, n AS counted, 0 AS visible FROM totals
	UNION ALL
	SELECT what, quarter, n, 0 FROM total_changes
	UNION ALL
	SELECT 'posts', date_bin('15 minutes', p.created_at, 'epoch'), 0, count(*)
	FROM posts p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL GROUP BY 2
	UNION ALL
	SELECT 'users', '-infinity', 0, count(*) FROM users WHERE deleted_at IS NULL
)
SELECT format('the total of %s is %s, and there are %s', what, sum(counted), sum(visible))
FROM parts GROUP BY what HAVING sum(counted) <> sum(visible)
UNION ALL
SELECT format('the total of %s of %s is %s, and there are %s', what, quarter, sum(counted), sum(visible))
FROM parts WHERE quarter > now() - interval '24 hours' GROUP BY what, quarter HAVING sum(counted) <> sum(visible)
UNION ALL
SELECT format('post %s: comment_count is %s, and it has %s comments', p.id, p.comment_count, count(c.id))
FROM posts p LEFT JOIN comments c ON c.post_id = p.id
GROUP BY p.id HAVING p.comment_count <> count(c.id)
UNION ALL
SELECT format('post %s: its reaction counters are %s, and it has %s reactions of each type', p.id, counters, counted)
FROM (SELECT id, ARRAY[reaction_1, reaction_2, reaction_3, reaction_4, reaction_5]::bigint[] AS counters FROM posts) p
LEFT JOIN (
	SELECT post_id, ARRAY[count(*) FILTER (WHERE type = 1), count(*) FILTER (WHERE type = 2),
		count(*) FILTER (WHERE type = 3), count(*) FILTER (WHERE type = 4), count(*) FILTER (WHERE type = 5)] AS rows
	FROM post_reactions GROUP BY post_id
) r ON r.post_id = p.id
CROSS JOIN LATERAL (SELECT coalesce(r.rows, '{0,0,0,0,0}') AS counted) n
WHERE counters <> counted
UNION ALL
SELECT format('comment %s: its reaction counters are %s, and it has %s reactions of each type',
	c.id, counters, counted)
FROM (
	SELECT post_id, id, ARRAY[reaction_1, reaction_2, reaction_3, reaction_4, reaction_5]::bigint[] AS counters
	FROM comments
) c
LEFT JOIN (
	SELECT post_id, comment_id, ARRAY[count(*) FILTER (WHERE type = 1), count(*) FILTER (WHERE type = 2),
		count(*) FILTER (WHERE type = 3), count(*) FILTER (WHERE type = 4), count(*) FILTER (WHERE type = 5)] AS rows
	FROM comment_reactions GROUP BY post_id, comment_id
) r ON r.post_id = c.post_id AND r.comment_id = c.id
CROSS JOIN LATERAL (SELECT coalesce(r.rows, '{0,0,0,0,0}') AS counted) n
WHERE counters <> counted
