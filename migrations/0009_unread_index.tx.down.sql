DROP INDEX notifications_unread;
--bun:split
CREATE INDEX notifications_unread ON notifications (user_uid, id) WHERE NOT read;
