CREATE INDEX notifications_unread ON notifications (user_uid, id) WHERE NOT read;
--bun:split
DROP INDEX notifications_unread_actors;
