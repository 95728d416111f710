-- blocks: nothing, if the operator has built the index; else comments and reactions wait about a second per million rows
CREATE INDEX IF NOT EXISTS notifications_unread_actors -- so that a count need not read the table
    ON notifications (user_uid, id) INCLUDE (actor_uid) WHERE NOT read;
