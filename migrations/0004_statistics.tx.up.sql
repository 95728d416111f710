-- blocks: counting the existing posts takes about half a second per million; writes wait, and reads do not.
-- What the back office shows: requests, and the numbers of posts and users.

-- How far each writer of the inbox has got. A batch is added together with the writer's next position, so a batch that is
-- sent twice is added once. A writer is a process, which numbers its batches, or a log file, whose position is a byte.
CREATE TABLE request_writers (
    writer   text PRIMARY KEY,
    position bigint NOT NULL,
    seen_at  timestamptz NOT NULL DEFAULT now()
);

-- The requests of one writer within 10 seconds, or a part of them. Rows are only appended. Maintenance moves them into the
-- two tables below; readers add up all three.
CREATE TABLE request_inbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL, -- the start of the 10 seconds
    methods  text[] NOT NULL,      -- one element for each endpoint and status, as in the next three
    paths    text[] NOT NULL,
    statuses smallint[] NOT NULL,
    counts   bigint[] NOT NULL,
    times    bigint[] NOT NULL     -- a histogram: element i counts the requests whose time is in bin i
);

-- The requests by endpoint and status, in steps of 10 seconds, 5 minutes and an hour.
CREATE TABLE request_counts (
    step   integer NOT NULL, -- seconds
    at     timestamptz NOT NULL,
    method text NOT NULL,
    path   text NOT NULL,
    status smallint NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (step, at, method, path, status)
);

-- The bin of a histogram, from 1, that has the time which a fraction of all times does not exceed. Null without times.
CREATE FUNCTION percentile_bin(times bigint[], fraction numeric) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT min(bin) FROM (
    SELECT bin, sum(n) OVER (ORDER BY bin) AS until, sum(n) OVER () AS total
    FROM unnest(times) WITH ORDINALITY AS b (n, bin)
) AS bins WHERE until >= ceil(fraction * total) AND until > 0);
CREATE FUNCTION histogram_total(times bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(sum(n), 0) FROM unnest(times) AS n);

-- The times of all requests of a step. What readers show of a histogram is stored beside it.
CREATE TABLE request_times (
    step     integer NOT NULL,
    at       timestamptz NOT NULL,
    errors   bigint NOT NULL, -- requests with a status of 500 or above
    times    bigint[] NOT NULL,
    requests bigint GENERATED ALWAYS AS (histogram_total(times)) STORED,
    p50      integer GENERATED ALWAYS AS (percentile_bin(times, 0.5)) STORED,
    p99      integer GENERATED ALWAYS AS (percentile_bin(times, 0.99)) STORED,
    PRIMARY KEY (step, at)
);

-- How many posts and users clients can see: the sum of all rows of both tables. Posts are summed by the quarter hour of
-- their creation, because the days of every time zone consist of quarter hours; '-infinity' stands for all old ones, and
-- for users. Triggers append to total_changes, so no row is locked by two writers. Maintenance moves its rows into totals.
CREATE TABLE totals (
    what    text NOT NULL CHECK (what IN ('posts', 'users')),
    quarter timestamptz NOT NULL,
    n       bigint NOT NULL,
    PRIMARY KEY (what, quarter)
);
CREATE TABLE total_changes (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what    text NOT NULL CHECK (what IN ('posts', 'users')),
    quarter timestamptz NOT NULL,
    n       bigint NOT NULL
);

-- Nobody writes until the existing rows are counted and the triggers count the others.
LOCK TABLE users, posts IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO totals SELECT 'users', '-infinity', count(*) FROM users WHERE deleted_at IS NULL;
INSERT INTO totals
    SELECT 'posts', CASE WHEN created_at < now() - interval '50 hours' THEN '-infinity'
        ELSE date_bin('15 minutes', created_at, 'epoch') END, count(*)
    FROM posts WHERE owner_uid NOT IN (SELECT uid FROM users WHERE deleted_at IS NOT NULL) GROUP BY 2;

-- The functions run as their owner, so that the roles of the writers need not be able to change a total.

CREATE FUNCTION count_created_posts() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'posts', date_bin('15 minutes', p.created_at, 'epoch'), count(*)
        FROM created p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL GROUP BY 2;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_created AFTER INSERT ON posts
    REFERENCING NEW TABLE AS created FOR EACH STATEMENT EXECUTE FUNCTION count_created_posts();

-- The deletion of an account has subtracted its posts already, so their own deletion subtracts nothing. A post that is
-- deleted at the same time as its account is subtracted once: the lock waits for the deletion of the account, or makes it
-- wait, and whoever comes second sees what the first has done.
CREATE FUNCTION count_deleted_posts() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM users WHERE uid IN (SELECT owner_uid FROM gone) ORDER BY uid FOR KEY SHARE;
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'posts', date_bin('15 minutes', p.created_at, 'epoch'), -count(*)
        FROM gone p JOIN users u ON u.uid = p.owner_uid AND u.deleted_at IS NULL GROUP BY 2;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_deleted AFTER DELETE ON posts
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_posts();

CREATE FUNCTION count_created_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'users', '-infinity', count(*) FROM created WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER users_created AFTER INSERT ON users
    REFERENCING NEW TABLE AS created FOR EACH STATEMENT EXECUTE FUNCTION count_created_users();

-- An account that disappears takes all its posts along. Only the posts of the last two days are read, and a thousand
-- more, as ids need not be in the order of the times. The index is enough to count the others.
CREATE FUNCTION count_deleted_user() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last_old bigint := (SELECT id FROM posts WHERE owner_uid = OLD.uid AND created_at < now() - interval '50 hours'
        ORDER BY owner_uid DESC, id DESC OFFSET 1000 LIMIT 1);
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'users', timestamptz '-infinity', -1
        UNION ALL
        SELECT 'posts', '-infinity', -count(*) FROM posts WHERE owner_uid = OLD.uid AND id <= last_old
        UNION ALL
        SELECT 'posts', CASE WHEN created_at < now() - interval '50 hours' THEN '-infinity'
            ELSE date_bin('15 minutes', created_at, 'epoch') END, -count(*)
        FROM posts WHERE owner_uid = OLD.uid AND id > coalesce(last_old, 0) GROUP BY 2;
    RETURN OLD;
END $$;
CREATE TRIGGER users_hidden AFTER UPDATE OF deleted_at ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION count_deleted_user();
CREATE TRIGGER users_deleted BEFORE DELETE ON users
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION count_deleted_user();
