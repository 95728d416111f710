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
