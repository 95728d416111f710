-- Each function connects with a role of its own: see grants.sql. What follows lets a role do more than it may see.

-- A role may lock a row only if it may update one of its columns. This column is there to be granted: its value never
-- changes.
ALTER TABLE users ADD COLUMN row_lock boolean, ADD CONSTRAINT users_row_lock CHECK (row_lock IS NULL) NOT VALID;

-- These run as the owner of the tables. The search path is fixed, so that no caller can put other tables there.
ALTER FUNCTION remember_ended_sessions() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION take_rate_limits(text[], integer[], interval[]) SECURITY DEFINER SET search_path = public, pg_temp;

-- has_email reports whether an account can be mailed, to those who need not know the address.
CREATE FUNCTION has_email(account bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM users WHERE uid = account AND email IS NOT NULL)
$$;

-- prune_refresh_tokens deletes refresh tokens that were rotated, or lost to a sibling, more than an hour ago, at most
-- batch of them, and returns how many. Its caller sees no hash of a token. The tokens of a session without a family are
-- kept until its next refresh, because their use could not be detected.
CREATE FUNCTION prune_refresh_tokens(batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH deleted AS (
        DELETE FROM refresh_tokens WHERE hash IN (
            SELECT t.hash FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
            WHERE t.used_at < now() - interval '1 hour' AND s.family IS NOT NULL
            LIMIT batch FOR UPDATE OF t SKIP LOCKED)
        RETURNING 1
    )
    SELECT count(*) FROM deleted
$$;
