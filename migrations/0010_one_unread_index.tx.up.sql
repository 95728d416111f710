-- contract: the new index serves what the one of the same name did
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_index WHERE indexrelid = 'notifications_unread_actors'::regclass AND NOT indisvalid) THEN
        RAISE 'the index notifications_unread_actors is invalid: drop it, and build it again';
    END IF;
END $$;
--bun:split
DROP INDEX notifications_unread;
--bun:split
ALTER INDEX notifications_unread_actors RENAME TO notifications_unread;
