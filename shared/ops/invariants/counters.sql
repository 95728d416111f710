-- Compares every counter of the schema with the rows that it counts. Returns one text for each post
-- or comment with a wrong counter, and no row where all counters are right. Add each new counter here.
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
