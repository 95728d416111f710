ALTER INDEX notifications_unread RENAME TO notifications_unread_actors;
--bun:split
CREATE INDEX notifications_unread ON notifications (user_uid, id) WHERE NOT read;
