-- contract: the new index serves what the one of the same name did
-- blocks: nothing, if the operator has built notifications_unread_actors; else about a second per million notifications
CREATE INDEX IF NOT EXISTS notifications_unread_actors -- so that a count reads nothing else
    ON notifications (user_uid, id) INCLUDE (actor_uid) WHERE NOT read;
--bun:split
DROP INDEX notifications_unread;
--bun:split
ALTER INDEX notifications_unread_actors RENAME TO notifications_unread;
