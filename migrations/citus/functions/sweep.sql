-- The parts of a sweep, in small steps: each takes a post at a time, and locks it as plain PostgreSQL's statements do.
-- They return how many rows they chose.

CREATE OR REPLACE FUNCTION sweep_post_reactions(viewer bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen bigint := 0;
    post   bigint;
BEGIN
    FOR post IN SELECT r.post_id FROM post_reactions r WHERE r.user_uid = viewer ORDER BY r.post_id LIMIT batch LOOP
        chosen := chosen + 1;
        PERFORM FROM posts p WHERE p.id = post FOR NO KEY UPDATE;
        PERFORM add_to_post(post, counted('{0,0,0,0,0}', cancel_post_reaction(post, viewer), -1));
    END LOOP;
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_reactions_to_post(post bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen  bigint := 0;
    viewer  bigint;
    changes integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM posts p WHERE p.id = post FOR NO KEY UPDATE;
    FOR viewer IN SELECT r.user_uid FROM post_reactions r WHERE r.post_id = post LIMIT batch LOOP
        chosen := chosen + 1;
        changes := counted(changes, cancel_post_reaction(post, viewer), -1);
    END LOOP;
    PERFORM add_to_post(post, changes);
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_comment_reactions(viewer bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen  bigint := 0;
    post    bigint;
    comment bigint;
BEGIN
    FOR post, comment IN SELECT r.post_id, r.comment_id FROM comment_reactions r WHERE r.user_uid = viewer
        ORDER BY r.post_id, r.comment_id LIMIT batch
    LOOP
        chosen := chosen + 1;
        PERFORM FROM posts p WHERE p.id = post FOR KEY SHARE;
        PERFORM FROM comments c WHERE c.post_id = post AND c.id = comment FOR NO KEY UPDATE;
        PERFORM add_to_comment(post, comment,
            counted('{0,0,0,0,0}', cancel_comment_reaction(post, comment, viewer), -1));
    END LOOP;
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_reactions_to_comment(post bigint, comment bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen  bigint := 0;
    viewer  bigint;
    changes integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM posts p WHERE p.id = post FOR KEY SHARE;
    PERFORM FROM comments c WHERE c.post_id = post AND c.id = comment FOR NO KEY UPDATE;
    FOR viewer IN SELECT r.user_uid FROM comment_reactions r
        WHERE r.post_id = post AND r.comment_id = comment LIMIT batch
    LOOP
        chosen := chosen + 1;
        changes := counted(changes, cancel_comment_reaction(post, comment, viewer), -1);
    END LOOP;
    PERFORM add_to_comment(post, comment, changes);
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_posts(posts bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    post bigint;
BEGIN
    FOR post IN SELECT p FROM unnest(posts) AS p ORDER BY p LOOP
        DELETE FROM posts p WHERE p.id = post; -- its account's deletion has subtracted it
    END LOOP;
END $$;
