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
