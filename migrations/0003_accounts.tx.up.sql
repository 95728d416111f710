-- blocks: the three indexes take about a second per million rows; sign-ins, refreshes and writes with a key wait.
-- Temporary passwords, limits that hold across processes, and sessions that can be pruned.

-- A session that a temporary password opened may only change the password. It keeps the hash of the temporary password,
-- which counts as the current one there.
ALTER TABLE sessions ADD COLUMN temporary_hash bytea; -- SHA-256
-- Whether it has one: what every function may know of it.
ALTER TABLE sessions ADD COLUMN restricted boolean NOT NULL DEFAULT false;
-- The secret that all refresh tokens of a session share. A token that has it was issued by us, even when its own row
-- has been pruned. Null in a session that is older than this column, until its next refresh.
ALTER TABLE sessions ADD COLUMN family bytea; -- SHA-256
-- Maintenance prunes by these.
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX refresh_tokens_used ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- A temporary password has 80 random bits, so a fast hash is enough. It is deleted when it is used.
CREATE TABLE temporary_passwords (
    user_uid   bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32), -- SHA-256
    expires_at timestamptz NOT NULL
);

-- The outbox: one row for each ID that a temporary password was requested for, whether the account exists or not.
-- Maintenance sends the mail and deletes the row. What cannot be mailed waits for an administrator.
CREATE TABLE temporary_password_requests (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    text COLLATE "C" NOT NULL UNIQUE CHECK (user_id = lower(user_id)),
    created_at timestamptz NOT NULL DEFAULT now(),
    attempts   integer NOT NULL DEFAULT 0, -- mails tried
    due_at     timestamptz NOT NULL DEFAULT now(), -- of the next attempt; infinity: none, an administrator decides
    error      text -- of the last attempt
);
CREATE INDEX temporary_password_requests_due ON temporary_password_requests (due_at);

-- GCRA: tat is the theoretical arrival time, the time at which the limit would be unused again. Losing the table in a
-- crash forgives what was counted, so it need not be logged.
CREATE UNLOGGED TABLE rate_limits (
    key text PRIMARY KEY,
    tat timestamptz NOT NULL
);
CREATE INDEX rate_limits_tat ON rate_limits (tat);

-- take_rate_limits counts one request against every limit, or against none. Each limit allows a number of requests per
-- period, all of them at once if the client likes: counts[i] per periods[i]. It returns how long to wait until the
-- request would be allowed; zero says that it was counted.
CREATE FUNCTION take_rate_limits(keys text[], counts integer[], periods interval[]) RETURNS interval
LANGUAGE plpgsql AS $$
DECLARE
    wait interval := '0';
    at   timestamptz;
BEGIN
    -- In the order of the keys, so that two callers never wait for each other.
    INSERT INTO rate_limits (key, tat) SELECT k, now() FROM unnest(keys) AS k ORDER BY k ON CONFLICT DO NOTHING;
    PERFORM FROM rate_limits WHERE key = ANY (keys) ORDER BY key FOR UPDATE;
    at := clock_timestamp();
    SELECT max(greatest(r.tat, at) + l.period / l.count - l.period - at) INTO wait
    FROM unnest(keys, counts, periods) AS l (key, count, period) JOIN rate_limits r USING (key);
    IF wait > interval '0' THEN
        RETURN wait;
    END IF;
    UPDATE rate_limits r SET tat = greatest(r.tat, at) + l.period / l.count
    FROM unnest(keys, counts, periods) AS l (key, count, period) WHERE r.key = l.key;
    RETURN interval '0';
END $$;
