-- What each function may do in the database. The tests of a function fail if it lacks a right that it uses, or has one
-- that it does not use. Foreign keys and the functions of the database work with the rights of the tables' owner.

-- Only what is granted below is allowed: not what an earlier version of this file granted, and not what PostgreSQL
-- allows everybody by default.
DO $$
DECLARE
    roles  text := (SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles WHERE rolname ~ '^minifb_[a-z0-9]+$');
    object text;
BEGIN
    FOR object IN
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || oid::regclass FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND relowner = current_user::regrole
        UNION ALL
        SELECT 'ROUTINE ' || oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %s', object, roles);
    END LOOP;
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, %s', current_database(), roles);
    EXECUTE format('REVOKE CREATE ON SCHEMA public FROM PUBLIC, %s', roles);
END $$;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

-- When a function starts, it reads the version of the schema and the revoked sessions. It counts its requests.
GRANT SELECT (name)
    ON bun_migrations TO minifb_account, minifb_auth, minifb_post, minifb_timeline, minifb_comment,
        minifb_reaction, minifb_notification, minifb_backoffice, minifb_docs, minifb_maintenance;
GRANT SELECT (id, ended_at)
    ON ended_sessions TO minifb_account, minifb_auth, minifb_post, minifb_timeline, minifb_comment,
        minifb_reaction, minifb_notification, minifb_backoffice, minifb_docs, minifb_maintenance;
GRANT SELECT (writer, position), INSERT (writer, position), UPDATE (position, seen_at)
    ON request_writers TO minifb_account, minifb_auth, minifb_post, minifb_timeline, minifb_comment,
        minifb_reaction, minifb_notification, minifb_backoffice, minifb_docs, minifb_maintenance;
GRANT INSERT (at, methods, paths, statuses, counts, times)
    ON request_inbox TO minifb_account, minifb_auth, minifb_post, minifb_timeline, minifb_comment,
        minifb_reaction, minifb_notification, minifb_backoffice, minifb_docs, minifb_maintenance;

-- Before a deploy it calls its routes in a transaction that cannot be committed.
GRANT EXECUTE
    ON ROUTINE rehearse() TO minifb_account, minifb_auth, minifb_post, minifb_timeline, minifb_comment,
        minifb_reaction, minifb_notification, minifb_backoffice, minifb_docs;

-- Accounts. It checks and sets passwords, and asks for temporary ones; it signs nobody in.
GRANT SELECT (uid, id, password_hash, name, nickname, intro, email, role, created_at, deleted_at),
    INSERT (id, password_hash, name, nickname, intro, email),
    UPDATE (password_hash, name, nickname, intro, email, deleted_at) ON users TO minifb_account;
GRANT SELECT (id, user_uid, temporary_hash, restricted),
    UPDATE (temporary_hash, restricted),
    DELETE ON sessions TO minifb_account;
GRANT SELECT (user_uid), DELETE ON temporary_passwords TO minifb_account;
GRANT SELECT (user_id),
    INSERT (user_id),
    UPDATE (attempts, due_at, error),
    DELETE ON temporary_password_requests TO minifb_account;
GRANT SELECT (key, tat), UPDATE (tat) ON rate_limits TO minifb_account;
GRANT EXECUTE ON ROUTINE take_rate_limits(text[],integer[],interval[]) TO minifb_account;

-- Sign-in and sessions. Besides account, no other function reads a password hash, and none a token's.
GRANT SELECT (uid, id, password_hash, deleted_at), UPDATE (password_hash) ON users TO minifb_auth;
GRANT SELECT (id, user_uid, user_agent, created_at, last_used_at, expires_at, restricted, family),
    INSERT (id, user_uid, user_agent, expires_at, temporary_hash, restricted, family),
    UPDATE (last_used_at, expires_at, family),
    DELETE ON sessions TO minifb_auth;
GRANT SELECT (hash, session_id, parent, used_at),
    INSERT (hash, session_id, parent),
    UPDATE (used_at) ON refresh_tokens TO minifb_auth;
GRANT SELECT (user_uid, hash, expires_at), DELETE ON temporary_passwords TO minifb_auth;
GRANT EXECUTE ON ROUTINE take_rate_limits(text[],integer[],interval[]) TO minifb_auth;

-- Posts. As in all functions below, other users are their ID, name and nickname.
GRANT SELECT (uid, id, name, nickname, deleted_at), UPDATE (row_lock) ON users TO minifb_post;
GRANT SELECT (uid, id, name, nickname, deleted_at) ON people TO minifb_post;
GRANT SELECT (id, restricted) ON sessions TO minifb_post;
GRANT SELECT (user_uid, method, path, key, body_hash, created_id, answer, created_at),
    INSERT (user_uid, method, path, key, body_hash),
    UPDATE (body_hash, created_id, answer, created_at) ON idempotency_keys TO minifb_post;
GRANT SELECT (id, owner_uid, content, modified, revision, comment_count, reaction_1, reaction_2, reaction_3,
        reaction_4, reaction_5, created_at),
    INSERT (owner_uid, content),
    UPDATE (content, modified, revision),
    DELETE ON posts TO minifb_post;
GRANT SELECT (post_id, user_uid, type) ON post_reactions TO minifb_post;

-- Timelines.
GRANT SELECT (uid, id, name, nickname, deleted_at) ON people TO minifb_timeline;
GRANT SELECT (id, restricted) ON sessions TO minifb_timeline;
GRANT SELECT (id, owner_uid, content, modified, revision, comment_count, reaction_1, reaction_2, reaction_3,
        reaction_4, reaction_5, created_at) ON posts TO minifb_timeline;
GRANT SELECT (post_id, user_uid, type) ON post_reactions TO minifb_timeline;

-- Comments.
GRANT SELECT (uid, id, name, nickname, deleted_at), UPDATE (row_lock) ON users TO minifb_comment;
GRANT SELECT (uid, id, name, nickname, deleted_at) ON people TO minifb_comment;
GRANT SELECT (id, restricted) ON sessions TO minifb_comment;
GRANT SELECT (user_uid, method, path, key, body_hash, created_id, answer, created_at),
    INSERT (user_uid, method, path, key, body_hash),
    UPDATE (body_hash, created_id, answer, created_at) ON idempotency_keys TO minifb_comment;
GRANT SELECT (id, owner_uid, content, modified, revision, comment_count, reaction_1, reaction_2, reaction_3,
        reaction_4, reaction_5, created_at),
    UPDATE (comment_count) ON posts TO minifb_comment;
GRANT SELECT (id, post_id, owner_uid, content, modified, revision, reaction_1, reaction_2, reaction_3, reaction_4,
        reaction_5, created_at),
    INSERT (post_id, owner_uid, content),
    UPDATE (content, modified, revision),
    DELETE ON comments TO minifb_comment;
GRANT SELECT (post_id, user_uid, type) ON post_reactions TO minifb_comment;
GRANT SELECT (post_id, comment_id, user_uid, type) ON comment_reactions TO minifb_comment;
GRANT INSERT (user_uid, type, actor_uid, post_id, comment_id) ON notifications TO minifb_comment;

-- Reactions.
GRANT SELECT (uid, id, name, nickname, deleted_at), UPDATE (row_lock) ON users TO minifb_reaction;
GRANT SELECT (uid, id, name, nickname, deleted_at) ON people TO minifb_reaction;
GRANT SELECT (id, restricted) ON sessions TO minifb_reaction;
GRANT SELECT (id, owner_uid, content, modified, revision, comment_count, reaction_1, reaction_2, reaction_3,
        reaction_4, reaction_5, created_at),
    UPDATE (reaction_1, reaction_2, reaction_3, reaction_4, reaction_5) ON posts TO minifb_reaction;
GRANT SELECT (id, post_id, owner_uid, content, modified, revision, reaction_1, reaction_2, reaction_3, reaction_4,
        reaction_5, created_at),
    UPDATE (reaction_1, reaction_2, reaction_3, reaction_4, reaction_5) ON comments TO minifb_reaction;
GRANT SELECT (post_id, user_uid, type, previous, modified, created_at),
    INSERT (post_id, user_uid, type),
    UPDATE (type, previous, modified),
    DELETE ON post_reactions TO minifb_reaction;
GRANT SELECT (post_id, comment_id, user_uid, type, previous, modified, created_at),
    INSERT (post_id, comment_id, user_uid, type),
    UPDATE (type, previous, modified),
    DELETE ON comment_reactions TO minifb_reaction;
GRANT SELECT (type, actor_uid, post_id, reaction_type),
    INSERT (user_uid, type, actor_uid, post_id, reaction_type),
    UPDATE (reaction_type),
    DELETE ON notifications TO minifb_reaction;

-- Notifications.
GRANT SELECT (uid, id, name, nickname, deleted_at) ON people TO minifb_notification;
GRANT SELECT (id, restricted) ON sessions TO minifb_notification;
GRANT SELECT (id, user_uid, type, actor_uid, post_id, comment_id, reaction_type, read, created_at),
    UPDATE (read) ON notifications TO minifb_notification;

-- The back office.
GRANT SELECT (uid, id, name, nickname, role, deleted_at), UPDATE (row_lock) ON users TO minifb_backoffice;
GRANT SELECT (uid, id, deleted_at) ON people TO minifb_backoffice;
GRANT SELECT (id, restricted) ON sessions TO minifb_backoffice;
GRANT SELECT (user_uid, expires_at),
    INSERT (user_uid, hash, expires_at),
    UPDATE (hash, expires_at) ON temporary_passwords TO minifb_backoffice;
GRANT SELECT (id, user_id, created_at, due_at), DELETE ON temporary_password_requests TO minifb_backoffice;
GRANT EXECUTE ON ROUTINE has_email(bigint) TO minifb_backoffice;
GRANT SELECT (at, methods, paths, statuses, counts, times) ON request_inbox TO minifb_backoffice;
GRANT SELECT (step, at, method, path, status, n) ON request_counts TO minifb_backoffice;
GRANT SELECT (step, at, errors, times, requests, p50, p99) ON request_times TO minifb_backoffice;
GRANT SELECT (what, quarter, n) ON totals TO minifb_backoffice;
GRANT SELECT (what, quarter, n) ON total_changes TO minifb_backoffice;

-- Maintenance. It mails temporary passwords, and deletes what has expired and what deleted accounts have left.
GRANT SELECT (uid, id, name, email, deleted_at), UPDATE (row_lock), DELETE ON users TO minifb_maintenance;
GRANT SELECT (id, expires_at), UPDATE (last_used_at), DELETE ON sessions TO minifb_maintenance;
GRANT UPDATE (id), DELETE ON ended_sessions TO minifb_maintenance;
GRANT SELECT (user_uid, expires_at),
    INSERT (user_uid, hash, expires_at),
    UPDATE (hash, expires_at),
    DELETE ON temporary_passwords TO minifb_maintenance;
GRANT SELECT (id, user_id, created_at, attempts, due_at),
    UPDATE (attempts, due_at, error),
    DELETE ON temporary_password_requests TO minifb_maintenance;
GRANT SELECT (key, tat), UPDATE (tat), DELETE ON rate_limits TO minifb_maintenance;
GRANT SELECT (user_uid, method, path, key, created_at),
    UPDATE (created_at),
    DELETE ON idempotency_keys TO minifb_maintenance;
GRANT SELECT (id, owner_uid, comment_count, reaction_1, reaction_2, reaction_3, reaction_4, reaction_5),
    UPDATE (comment_count, reaction_1, reaction_2, reaction_3, reaction_4, reaction_5),
    DELETE ON posts TO minifb_maintenance;
GRANT SELECT (id, post_id, owner_uid, reaction_1, reaction_2, reaction_3, reaction_4, reaction_5),
    UPDATE (reaction_1, reaction_2, reaction_3, reaction_4, reaction_5),
    DELETE ON comments TO minifb_maintenance;
GRANT SELECT (post_id, user_uid, type), DELETE ON post_reactions TO minifb_maintenance;
GRANT SELECT (post_id, comment_id, user_uid, type), DELETE ON comment_reactions TO minifb_maintenance;
GRANT SELECT (id, user_uid, type, actor_uid, post_id), DELETE ON notifications TO minifb_maintenance;
GRANT EXECUTE ON ROUTINE prune_refresh_tokens(integer) TO minifb_maintenance;
GRANT SELECT (seen_at), DELETE ON request_writers TO minifb_maintenance;
GRANT SELECT (id, at, methods, paths, statuses, counts, times), DELETE ON request_inbox TO minifb_maintenance;
GRANT SELECT (ctid, step, at, method, path, status, n), INSERT (step, at, method, path, status, n), UPDATE (n), DELETE
    ON request_counts TO minifb_maintenance;
GRANT SELECT (ctid, step, at, errors, times), INSERT (step, at, errors, times), UPDATE (errors, times), DELETE
    ON request_times TO minifb_maintenance;
GRANT SELECT (what, quarter, n), INSERT (what, quarter, n), UPDATE (n), DELETE ON totals TO minifb_maintenance;
GRANT SELECT (id, what, quarter, n), DELETE ON total_changes TO minifb_maintenance;
GRANT EXECUTE ON ROUTINE histogram_total(bigint[]), percentile_bin(bigint[], numeric) TO minifb_maintenance;

-- For the previous release, until every function is newer than migration 0008: it reads users where people is read now,
-- and deletes expired idempotency keys with each write.
GRANT SELECT (uid, id, name, nickname, deleted_at) ON users TO minifb_timeline, minifb_notification;
GRANT DELETE ON idempotency_keys TO minifb_post, minifb_comment;
