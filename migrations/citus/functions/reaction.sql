-- A reaction is put with its type, 1 to 5, or cancelled by 0. Both return the type that it had, or null. The caller has
-- locked the post or the comment.

CREATE OR REPLACE FUNCTION cancel_post_reaction(post bigint, viewer bigint) RETURNS smallint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    old_type smallint;
BEGIN
    DELETE FROM post_reactions r WHERE r.post_id = post AND r.user_uid = viewer RETURNING r.type INTO old_type;
    IF FOUND THEN
        DELETE FROM notifications n WHERE n.post_id = post AND n.actor_uid = viewer AND n.type = 2;
    END IF;
    RETURN old_type;
END $$;

CREATE OR REPLACE FUNCTION cancel_comment_reaction(post bigint, comment bigint, viewer bigint) RETURNS smallint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    old_type smallint;
BEGIN
    DELETE FROM comment_reactions r WHERE r.post_id = post AND r.comment_id = comment AND r.user_uid = viewer
        RETURNING r.type INTO old_type;
    RETURN old_type;
END $$;

-- counted returns the changes of the five counters with one reaction of the type more or less. No type changes none.
CREATE OR REPLACE FUNCTION counted(changes integer[], kind smallint, by integer) RETURNS integer[]
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
RETURN (SELECT array_agg(change + CASE WHEN n = kind THEN by ELSE 0 END ORDER BY n)
    FROM unnest(changes) WITH ORDINALITY AS c (change, n));

-- add_to_post and add_to_comment add the changes to the counters.
CREATE OR REPLACE FUNCTION add_to_post(post bigint, changes integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF changes <> '{0,0,0,0,0}' THEN
        UPDATE posts p SET reaction_1 = reaction_1 + changes[1], reaction_2 = reaction_2 + changes[2],
            reaction_3 = reaction_3 + changes[3], reaction_4 = reaction_4 + changes[4],
            reaction_5 = reaction_5 + changes[5] WHERE p.id = post;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION add_to_comment(post bigint, comment bigint, changes integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF changes <> '{0,0,0,0,0}' THEN
        UPDATE comments c SET reaction_1 = reaction_1 + changes[1], reaction_2 = reaction_2 + changes[2],
            reaction_3 = reaction_3 + changes[3], reaction_4 = reaction_4 + changes[4],
            reaction_5 = reaction_5 + changes[5] WHERE c.post_id = post AND c.id = comment;
    END IF;
END $$;

-- react puts or cancels the reactions of users, each once, to a post or a comment on it. It returns a row for each. The
-- owner is the post's, and is notified; without an owner there is no such post or comment.
CREATE OR REPLACE FUNCTION react(users bigint[], types smallint[], post bigint, comment bigint, owner bigint)
RETURNS TABLE (user_uid bigint, user_id text, user_name text, user_nickname text, has_target boolean,
    has_account boolean, cancelled boolean, created boolean, type smallint, modified boolean, created_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    old_type smallint;
    new_type smallint;
    changes  integer[] := '{0,0,0,0,0}';
BEGIN
    has_target := owner IS NOT NULL;
    FOR i IN 1 .. cardinality(users) LOOP
        user_uid := users[i];
        new_type := types[i];
        cancelled := false; created := false; type := 0; modified := false; created_at := now();
        SELECT u.id, u.name, u.nickname INTO user_id, user_name, user_nickname
            FROM users u WHERE u.uid = users[i] AND u.deleted_at IS NULL;
        has_account := FOUND;
        IF has_target AND new_type = 0 THEN
            IF comment IS NULL THEN
                old_type := cancel_post_reaction(post, users[i]);
            ELSE
                old_type := cancel_comment_reaction(post, comment, users[i]);
            END IF;
            cancelled := old_type IS NOT NULL;
            changes := counted(changes, old_type, -1);
        ELSIF has_target AND has_account THEN
            IF comment IS NULL THEN
                INSERT INTO post_reactions AS r (post_id, user_uid, type) VALUES (post, users[i], new_type)
                    ON CONFLICT (post_id, user_uid) DO UPDATE
                        SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
                    RETURNING r.previous, r.modified, r.created_at INTO old_type, modified, created_at;
            ELSE
                INSERT INTO comment_reactions AS r (post_id, comment_id, user_uid, type)
                    VALUES (post, comment, users[i], new_type)
                    ON CONFLICT (post_id, comment_id, user_uid) DO UPDATE
                        SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
                    RETURNING r.previous, r.modified, r.created_at INTO old_type, modified, created_at;
            END IF;
            type := new_type;
            created := old_type IS NULL;
            changes := counted(counted(changes, old_type, -1), new_type, 1);
            IF comment IS NULL AND old_type IS DISTINCT FROM new_type AND owner <> users[i] THEN
                INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
                    VALUES (owner, 2, users[i], post, new_type)
                    ON CONFLICT (post_id, actor_uid) WHERE type = 2
                        DO UPDATE SET reaction_type = excluded.reaction_type;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
    IF comment IS NULL THEN
        PERFORM add_to_post(post, changes);
    ELSE
        PERFORM add_to_comment(post, comment, changes);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION react_to_post(users bigint[], types smallint[], post bigint)
RETURNS TABLE (user_uid bigint, user_id text, user_name text, user_nickname text, has_target boolean,
    has_account boolean, cancelled boolean, created boolean, type smallint, modified boolean, created_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    owner bigint;
BEGIN
    PERFORM FROM users u WHERE u.uid = ANY (users) ORDER BY u.uid FOR KEY SHARE;
    SELECT p.owner_uid INTO owner FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE p.id = post FOR NO KEY UPDATE OF p;
    RETURN QUERY SELECT * FROM react(users, types, post, NULL, owner);
END $$;

CREATE OR REPLACE FUNCTION react_to_comment(users bigint[], types smallint[], comment bigint)
RETURNS TABLE (user_uid bigint, user_id text, user_name text, user_nickname text, has_target boolean,
    has_account boolean, cancelled boolean, created boolean, type smallint, modified boolean, created_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    post  bigint := (SELECT c.post_id FROM comments c WHERE c.id = comment);
    owner bigint;
BEGIN
    PERFORM FROM users u WHERE u.uid = ANY (users) ORDER BY u.uid FOR KEY SHARE;
    SELECT p.owner_uid INTO owner FROM comments c
        JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
        JOIN posts p ON p.id = c.post_id JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE c.post_id = post AND c.id = comment FOR NO KEY UPDATE OF c;
    RETURN QUERY SELECT * FROM react(users, types, post, comment, owner);
END $$;
