-- What the functions may do beside what ../grants.sql says. A function of the database works with its caller's rights.
GRANT EXECUTE ON ROUTINE create_post(bigint, text), delete_post(bigint) TO minifb_post;
GRANT INSERT (id, what, quarter, n) ON total_changes TO minifb_post;
GRANT EXECUTE ON ROUTINE add_comment(bigint, bigint, text), lock_comment(bigint), delete_comments(bigint[], bigint[])
    TO minifb_comment;
GRANT EXECUTE ON ROUTINE react_to_post(bigint[], smallint[], bigint), react_to_comment(bigint[], smallint[], bigint),
    react(bigint[], smallint[], bigint, bigint, bigint) TO minifb_reaction;
GRANT EXECUTE ON ROUTINE cancel_post_reaction(bigint, bigint), cancel_comment_reaction(bigint, bigint, bigint),
    counted(integer[], smallint, integer), add_to_post(bigint, integer[]), add_to_comment(bigint, bigint, integer[])
    TO minifb_reaction, minifb_maintenance;
GRANT EXECUTE ON ROUTINE read_comment(bigint, bigint) TO minifb_comment, minifb_reaction;
GRANT EXECUTE ON ROUTINE read_unlocked(bigint, bigint) TO minifb_notification;
GRANT EXECUTE ON ROUTINE sweep_post_reactions(bigint, integer), sweep_comment_reactions(bigint, integer),
    sweep_reactions_to_post(bigint, integer), sweep_reactions_to_comment(bigint, bigint, integer), sweep_posts(bigint[]),
    delete_comments(bigint[], bigint[]), prune_idempotency_keys(integer)
    TO minifb_maintenance;
