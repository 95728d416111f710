-- Some databases have the column sessions.restricted as 0003 first made it: generated, so that nothing could write it.
ALTER TABLE sessions ALTER COLUMN restricted DROP EXPRESSION IF EXISTS;
ALTER TABLE sessions ALTER COLUMN restricted SET DEFAULT false;
ALTER TABLE sessions ADD CONSTRAINT sessions_restricted CHECK (restricted = (temporary_hash IS NOT NULL)) NOT VALID;

-- A sign-up that is refused, and the deletion of an account without old posts, store no change by zero.

CREATE OR REPLACE FUNCTION count_created_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'users', '-infinity', count(*) FROM created WHERE deleted_at IS NULL HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_deleted_user() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last_old bigint := (SELECT id FROM posts WHERE owner_uid = OLD.uid AND created_at < now() - interval '50 hours'
        ORDER BY owner_uid DESC, id DESC OFFSET 1000 LIMIT 1);
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'users', timestamptz '-infinity', -1
        UNION ALL
        SELECT 'posts', '-infinity', -count(*) FROM posts WHERE owner_uid = OLD.uid AND id <= last_old
        HAVING count(*) > 0
        UNION ALL
        SELECT 'posts', CASE WHEN created_at < now() - interval '50 hours' THEN '-infinity'
            ELSE date_bin('15 minutes', created_at, 'epoch') END, -count(*)
        FROM posts WHERE owner_uid = OLD.uid AND id > coalesce(last_old, 0) GROUP BY 2;
    RETURN OLD;
END $$;
