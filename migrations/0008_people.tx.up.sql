-- The part of users that other users see. A server that has posts but no users has a copy of it: see docs/scale.md.
CREATE VIEW people AS SELECT uid, id, name, nickname, deleted_at FROM users;
