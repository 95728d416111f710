-- The writes on Citus: each is a series of statements that name the post, so that each goes to one server. A statement with
-- several parts, as plain PostgreSQL runs it, would be split into as many steps, with their rows sent around. The functions
-- run on the coordinator, which has the users, their locks and the sequences. They return what the statement returns that
-- they stand for: see shared/store/citus.go.

-- What other users see of an account is copied to all servers.
CREATE OR REPLACE FUNCTION copy_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM people WHERE uid = OLD.uid;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO people (uid, id, name, nickname, deleted_at)
            VALUES (NEW.uid, NEW.id, NEW.name, NEW.nickname, NEW.deleted_at);
    ELSE
        UPDATE people SET id = NEW.id, name = NEW.name, nickname = NEW.nickname, deleted_at = NEW.deleted_at
            WHERE uid = NEW.uid;
    END IF;
    RETURN NULL;
END $$;
-- Their names come before users_hidden: triggers run in the order of their names.
CREATE OR REPLACE TRIGGER users_copied AFTER INSERT OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION copy_person();
CREATE OR REPLACE TRIGGER users_copied_again AFTER UPDATE ON users
    FOR EACH ROW WHEN ((OLD.id, OLD.name, OLD.nickname, OLD.deleted_at)
        IS DISTINCT FROM (NEW.id, NEW.name, NEW.nickname, NEW.deleted_at)) EXECUTE FUNCTION copy_person();

-- Citus cannot read a trigger's table of new rows in a statement on a distributed table.
CREATE OR REPLACE FUNCTION count_created_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    users bigint := (SELECT count(*) FROM created WHERE deleted_at IS NULL);
BEGIN
    IF users > 0 THEN
        INSERT INTO total_changes (what, quarter, n) VALUES ('users', '-infinity', users);
    END IF;
    RETURN NULL;
END $$;

-- Citus refuses to change people after it has read posts on several connections.
ALTER FUNCTION count_deleted_user() SET citus.multi_shard_modify_mode = 'sequential';

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

-- cancel_post_reaction deletes a reaction with its notification, and returns its type, or null if there is none. The
-- caller has locked the post.
CREATE OR REPLACE FUNCTION cancel_post_reaction(post bigint, viewer bigint) RETURNS smallint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    kind smallint;
BEGIN
    DELETE FROM post_reactions r WHERE r.post_id = post AND r.user_uid = viewer RETURNING r.type INTO kind;
    IF FOUND THEN
        DELETE FROM notifications n WHERE n.post_id = post AND n.actor_uid = viewer AND n.type = 2;
    END IF;
    RETURN kind;
END $$;

-- change_post and change_comment add to the counters of reactions.
CREATE OR REPLACE FUNCTION change_post(post bigint, by integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE posts p SET reaction_1 = reaction_1 + by[1], reaction_2 = reaction_2 + by[2],
        reaction_3 = reaction_3 + by[3], reaction_4 = reaction_4 + by[4], reaction_5 = reaction_5 + by[5]
        WHERE p.id = post AND by <> '{0,0,0,0,0}';
END $$;

CREATE OR REPLACE FUNCTION change_comment(post bigint, comment bigint, by integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE comments c SET reaction_1 = reaction_1 + by[1], reaction_2 = reaction_2 + by[2],
        reaction_3 = reaction_3 + by[3], reaction_4 = reaction_4 + by[4], reaction_5 = reaction_5 + by[5]
        WHERE c.post_id = post AND c.id = comment AND by <> '{0,0,0,0,0}';
END $$;

-- react_to_post puts or cancels (0) the reactions of users, each once, to one post. It returns a row for each.
CREATE OR REPLACE FUNCTION react_to_post(users bigint[], types smallint[], post bigint)
RETURNS TABLE (user_uid bigint, user_id text, user_name text, user_nickname text, has_target boolean,
    has_account boolean, cancelled boolean, created boolean, type smallint, modified boolean, created_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    owner    bigint;
    old_type smallint;
    new_type smallint;
    change   integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM users u WHERE u.uid = ANY (users) ORDER BY u.uid FOR KEY SHARE;
    SELECT p.owner_uid INTO owner FROM posts p JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE p.id = post FOR NO KEY UPDATE OF p;
    has_target := FOUND;
    FOR i IN 1 .. cardinality(users) LOOP
        user_uid := users[i];
        new_type := types[i];
        cancelled := false; created := false; type := 0; modified := false; created_at := now();
        SELECT u.id, u.name, u.nickname INTO user_id, user_name, user_nickname
            FROM users u WHERE u.uid = users[i] AND u.deleted_at IS NULL;
        has_account := FOUND;
        IF has_target AND new_type = 0 THEN
            old_type := cancel_post_reaction(post, users[i]);
            cancelled := old_type IS NOT NULL;
            IF cancelled THEN
                change[old_type] := change[old_type] - 1;
            END IF;
        ELSIF has_target AND has_account THEN
            INSERT INTO post_reactions AS r (post_id, user_uid, type) VALUES (post, users[i], new_type)
                ON CONFLICT (post_id, user_uid) DO UPDATE
                    SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
                RETURNING r.previous, r.modified, r.created_at INTO old_type, modified, created_at;
            type := new_type;
            created := old_type IS NULL;
            IF NOT created THEN
                change[old_type] := change[old_type] - 1;
            END IF;
            change[new_type] := change[new_type] + 1;
            IF old_type IS DISTINCT FROM new_type AND owner <> users[i] THEN
                INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
                    VALUES (owner, 2, users[i], post, new_type)
                    ON CONFLICT (post_id, actor_uid) WHERE type = 2 DO UPDATE SET reaction_type = excluded.reaction_type;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
    PERFORM change_post(post, change);
END $$;

-- react_to_comment is react_to_post for a comment. It notifies no one.
CREATE OR REPLACE FUNCTION react_to_comment(users bigint[], types smallint[], comment bigint)
RETURNS TABLE (user_uid bigint, user_id text, user_name text, user_nickname text, has_target boolean,
    has_account boolean, cancelled boolean, created boolean, type smallint, modified boolean, created_at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    post     bigint := (SELECT c.post_id FROM comments c WHERE c.id = comment);
    old_type smallint;
    new_type smallint;
    change   integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM users u WHERE u.uid = ANY (users) ORDER BY u.uid FOR KEY SHARE;
    PERFORM FROM comments c
        JOIN people u ON u.uid = c.owner_uid AND u.deleted_at IS NULL
        JOIN posts p ON p.id = c.post_id JOIN people o ON o.uid = p.owner_uid AND o.deleted_at IS NULL
        WHERE c.post_id = post AND c.id = comment FOR NO KEY UPDATE OF c;
    has_target := FOUND;
    FOR i IN 1 .. cardinality(users) LOOP
        user_uid := users[i];
        new_type := types[i];
        cancelled := false; created := false; type := 0; modified := false; created_at := now();
        SELECT u.id, u.name, u.nickname INTO user_id, user_name, user_nickname
            FROM users u WHERE u.uid = users[i] AND u.deleted_at IS NULL;
        has_account := FOUND;
        IF has_target AND new_type = 0 THEN
            DELETE FROM comment_reactions r WHERE r.post_id = post AND r.comment_id = comment AND r.user_uid = users[i]
                RETURNING r.type INTO old_type;
            cancelled := FOUND;
            IF cancelled THEN
                change[old_type] := change[old_type] - 1;
            END IF;
        ELSIF has_target AND has_account THEN
            INSERT INTO comment_reactions AS r (post_id, comment_id, user_uid, type)
                VALUES (post, comment, users[i], new_type)
                ON CONFLICT (post_id, comment_id, user_uid) DO UPDATE
                    SET previous = r.type, type = excluded.type, modified = r.modified OR r.type <> excluded.type
                RETURNING r.previous, r.modified, r.created_at INTO old_type, modified, created_at;
            type := new_type;
            created := old_type IS NULL;
            IF NOT created THEN
                change[old_type] := change[old_type] - 1;
            END IF;
            change[new_type] := change[new_type] + 1;
        END IF;
        RETURN NEXT;
    END LOOP;
    PERFORM change_comment(post, comment, change);
END $$;

-- The parts of a sweep, in small steps: each takes a post at a time, and locks it as plain PostgreSQL's statements do.
-- They return how many rows they chose.

CREATE OR REPLACE FUNCTION sweep_post_reactions(viewer bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen bigint := 0;
    post   bigint;
    kind   smallint;
BEGIN
    FOR post IN SELECT r.post_id FROM post_reactions r WHERE r.user_uid = viewer ORDER BY r.post_id LIMIT batch LOOP
        chosen := chosen + 1;
        PERFORM FROM posts p WHERE p.id = post FOR NO KEY UPDATE;
        kind := cancel_post_reaction(post, viewer);
        PERFORM change_post(post, ARRAY(SELECT -coalesce((k = kind)::integer, 0) FROM generate_series(1, 5) k));
    END LOOP;
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_reactions_to_post(post bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen bigint := 0;
    viewer bigint;
    kind   smallint;
    change integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM posts p WHERE p.id = post FOR NO KEY UPDATE;
    FOR viewer IN SELECT r.user_uid FROM post_reactions r WHERE r.post_id = post LIMIT batch LOOP
        chosen := chosen + 1;
        kind := cancel_post_reaction(post, viewer);
        IF kind IS NOT NULL THEN
            change[kind] := change[kind] - 1;
        END IF;
    END LOOP;
    PERFORM change_post(post, change);
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_comment_reactions(viewer bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen bigint := 0;
    target record;
    kind   smallint;
BEGIN
    FOR target IN SELECT r.post_id, r.comment_id FROM comment_reactions r WHERE r.user_uid = viewer
        ORDER BY r.post_id, r.comment_id LIMIT batch
    LOOP
        chosen := chosen + 1;
        PERFORM FROM posts p WHERE p.id = target.post_id FOR KEY SHARE;
        PERFORM FROM comments c WHERE c.post_id = target.post_id AND c.id = target.comment_id FOR NO KEY UPDATE;
        DELETE FROM comment_reactions r
            WHERE r.post_id = target.post_id AND r.comment_id = target.comment_id AND r.user_uid = viewer
            RETURNING r.type INTO kind;
        PERFORM change_comment(target.post_id, target.comment_id,
            ARRAY(SELECT -coalesce((k = kind)::integer, 0) FROM generate_series(1, 5) k));
    END LOOP;
    RETURN chosen;
END $$;

CREATE OR REPLACE FUNCTION sweep_reactions_to_comment(post bigint, comment bigint, batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    chosen bigint := 0;
    viewer bigint;
    kind   smallint;
    change integer[] := '{0,0,0,0,0}';
BEGIN
    PERFORM FROM posts p WHERE p.id = post FOR KEY SHARE;
    PERFORM FROM comments c WHERE c.post_id = post AND c.id = comment FOR NO KEY UPDATE;
    FOR viewer IN SELECT r.user_uid FROM comment_reactions r
        WHERE r.post_id = post AND r.comment_id = comment LIMIT batch
    LOOP
        chosen := chosen + 1;
        DELETE FROM comment_reactions r WHERE r.post_id = post AND r.comment_id = comment AND r.user_uid = viewer
            RETURNING r.type INTO kind;
        IF FOUND THEN
            change[kind] := change[kind] - 1;
        END IF;
    END LOOP;
    PERFORM change_comment(post, comment, change);
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

-- read_unlocked marks a user's notifications read, up to the last one, post by post. It skips those that another
-- transaction has locked: so it waits for none while it holds others.
CREATE OR REPLACE FUNCTION read_unlocked(viewer bigint, last bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    marked bigint := 0;
    post   bigint;
    n      bigint;
BEGIN
    FOR post IN SELECT DISTINCT n.post_id FROM notifications n WHERE n.user_uid = viewer AND n.id <= last AND NOT n.read
    LOOP
        UPDATE notifications n SET read = true
            WHERE n.post_id = post AND n.user_uid = viewer AND n.id IN (
                SELECT m.id FROM notifications m JOIN people u ON u.uid = m.actor_uid AND u.deleted_at IS NULL
                WHERE m.post_id = post AND m.user_uid = viewer AND m.id <= last AND NOT m.read
                FOR NO KEY UPDATE OF m SKIP LOCKED);
        GET DIAGNOSTICS n = ROW_COUNT;
        marked := marked + n;
    END LOOP;
    RETURN marked;
END $$;

-- prune_idempotency_keys deletes expired keys of at most batch users, and returns how many.
CREATE OR REPLACE FUNCTION prune_idempotency_keys(batch integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    expired timestamptz := now() - interval '24 hours';
    pruned  bigint := 0;
    viewer  bigint;
    n       bigint;
BEGIN
    FOR viewer IN SELECT DISTINCT k.user_uid FROM idempotency_keys k WHERE k.created_at < expired LIMIT batch LOOP
        DELETE FROM idempotency_keys k WHERE k.user_uid = viewer AND (k.method, k.path, k.key) IN (
            SELECT l.method, l.path, l.key FROM idempotency_keys l
            WHERE l.user_uid = viewer AND l.created_at < expired FOR UPDATE SKIP LOCKED);
        GET DIAGNOSTICS n = ROW_COUNT;
        pruned := pruned + n;
    END LOOP;
    RETURN pruned;
END $$;
