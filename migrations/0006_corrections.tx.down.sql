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
        UNION ALL
        SELECT 'posts', CASE WHEN created_at < now() - interval '50 hours' THEN '-infinity'
            ELSE date_bin('15 minutes', created_at, 'epoch') END, -count(*)
        FROM posts WHERE owner_uid = OLD.uid AND id > coalesce(last_old, 0) GROUP BY 2;
    RETURN OLD;
END $$;
CREATE OR REPLACE FUNCTION count_created_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO total_changes (what, quarter, n)
        SELECT 'users', '-infinity', count(*) FROM created WHERE deleted_at IS NULL;
    RETURN NULL;
END $$;
ALTER TABLE sessions DROP CONSTRAINT sessions_restricted;
