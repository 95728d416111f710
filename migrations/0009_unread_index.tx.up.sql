-- contract: notifications_unread_actors serves what notifications_unread did, in the same order
-- blocks: nothing, if the operator has built the index; else notifications wait for about a second per million rows
CREATE INDEX IF NOT EXISTS notifications_unread_actors
    ON notifications (user_uid, id) INCLUDE (actor_uid) WHERE NOT read; -- counts read nothing else
--bun:split
DROP INDEX notifications_unread;
