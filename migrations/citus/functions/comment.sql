-- add_comment returns no row if the account has been deleted, and a row without an id if there is no such post.
CREATE OR REPLACE FUNCTION add_comment(owner bigint, post bigint, text text)
RETURNS TABLE (id bigint, post_id bigint, owner_uid bigint, content text, modified boolean, revision integer,
    reaction_1 integer, reaction_2 integer, reaction_3 integer, reaction_4 integer, reaction_5 integer,
    created_at timestamptz, owner_id text, owner_name text, owner_nickname text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    post_owner bigint;
BEGIN
    SELECT u.id, u.name, u.nickname INTO owner_id, owner_name, owner_nickname
        FROM users u WHERE u.uid = owner AND u.deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT p.owner_uid INTO post_owner FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE p.id = post FOR NO KEY UPDATE OF p;
    IF FOUND THEN
        UPDATE posts p SET comment_count = comment_count + 1 WHERE p.id = post;
        INSERT INTO comments AS c (post_id, owner_uid, content) VALUES (post, owner, text)
            RETURNING c.id, c.post_id, c.owner_uid, c.content, c.modified, c.revision,
                c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5, c.created_at
            INTO id, post_id, owner_uid, content, modified, revision,
                reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at;
        IF post_owner <> owner THEN
            INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
                VALUES (post_owner, 1, owner, post, id);
        END IF;
    END IF;
    RETURN NEXT;
END $$;

-- read_comment looks up the post first, on all servers, so that the rest is read on one.
CREATE OR REPLACE FUNCTION read_comment(viewer bigint, comment bigint)
RETURNS TABLE (id bigint, post_id bigint, owner_uid bigint, content text, modified boolean, revision integer,
    reaction_1 integer, reaction_2 integer, reaction_3 integer, reaction_4 integer, reaction_5 integer,
    created_at timestamptz, owner_id text, owner_name text, owner_nickname text, my_reaction smallint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    post bigint := (SELECT c.post_id FROM comments c WHERE c.id = comment);
BEGIN
    RETURN QUERY SELECT c.id, c.post_id, c.owner_uid, c.content, c.modified, c.revision,
            c.reaction_1, c.reaction_2, c.reaction_3, c.reaction_4, c.reaction_5, c.created_at,
            u.id, u.name, u.nickname,
            (SELECT r.type FROM comment_reactions r
                WHERE r.post_id = post AND r.comment_id = comment AND r.user_uid = viewer)
        FROM comments c
        JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
        JOIN posts p ON p.id = post
        JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE c.post_id = post AND c.id = comment;
END $$;

-- lock_comment locks a comment's post, then the comment, and returns the comment if it is visible.
CREATE OR REPLACE FUNCTION lock_comment(comment bigint)
RETURNS TABLE (id bigint, post_id bigint, owner_uid bigint, content text, revision integer)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    post bigint := (SELECT c.post_id FROM comments c WHERE c.id = comment);
BEGIN
    PERFORM FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE p.id = post FOR NO KEY UPDATE OF p;
    IF FOUND THEN
        RETURN QUERY SELECT c.id, c.post_id, c.owner_uid, c.content, c.revision
            FROM comments c JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
            WHERE c.post_id = post AND c.id = comment FOR UPDATE OF c;
    END IF;
END $$;

-- delete_comments deletes the comments of the posts, pair by pair, with their reactions and notifications.
CREATE OR REPLACE FUNCTION delete_comments(posts bigint[], comments bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    deleted bigint := 0;
    pair    record;
BEGIN
    FOR pair IN SELECT post, comment FROM unnest(posts, comments) AS c (post, comment) ORDER BY post, comment LOOP
        PERFORM FROM posts p WHERE p.id = pair.post FOR NO KEY UPDATE;
        DELETE FROM comments c WHERE c.post_id = pair.post AND c.id = pair.comment;
        IF FOUND THEN
            UPDATE posts p SET comment_count = comment_count - 1 WHERE p.id = pair.post;
            deleted := deleted + 1;
        END IF;
    END LOOP;
    RETURN deleted;
END $$;
