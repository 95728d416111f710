-- create_post returns no row if the account has been deleted.
CREATE OR REPLACE FUNCTION create_post(owner bigint, text text)
RETURNS TABLE (id bigint, owner_uid bigint, content text, modified boolean, revision integer, comment_count integer,
    reaction_1 integer, reaction_2 integer, reaction_3 integer, reaction_4 integer, reaction_5 integer,
    created_at timestamptz, owner_id text, owner_name text, owner_nickname text)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT u.id, u.name, u.nickname INTO owner_id, owner_name, owner_nickname
        FROM users u WHERE u.uid = owner AND u.deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO posts AS p (owner_uid, content) VALUES (owner, text)
        RETURNING p.id, p.owner_uid, p.content, p.modified, p.revision, p.comment_count,
            p.reaction_1, p.reaction_2, p.reaction_3, p.reaction_4, p.reaction_5, p.created_at
        INTO id, owner_uid, content, modified, revision, comment_count,
            reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at;
    INSERT INTO total_changes (id, what, quarter, n) OVERRIDING SYSTEM VALUE
        VALUES (id, 'posts', date_bin('15 minutes', created_at, 'epoch'), 1);
    RETURN NEXT;
END $$;

-- delete_post deletes a post, whose row the caller has locked. Its account's deletion has subtracted it, or waits.
CREATE OR REPLACE FUNCTION delete_post(post bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    owner   bigint;
    created timestamptz;
BEGIN
    DELETE FROM posts p WHERE p.id = post RETURNING p.owner_uid, p.created_at INTO owner, created;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM FROM users u WHERE u.uid = owner AND u.deleted_at IS NULL FOR KEY SHARE;
    IF FOUND THEN
        INSERT INTO total_changes (id, what, quarter, n) OVERRIDING SYSTEM VALUE
            VALUES (post, 'posts', date_bin('15 minutes', created, 'epoch'), -1);
    END IF;
    RETURN 1;
END $$;
