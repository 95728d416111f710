DROP FUNCTION take_rate_limits(text[], integer[], interval[]);
DROP TABLE rate_limits;
DROP TABLE temporary_password_requests;
DROP TABLE temporary_passwords;
DROP INDEX refresh_tokens_used;
DROP INDEX sessions_expires;
ALTER TABLE sessions DROP COLUMN family;
ALTER TABLE sessions DROP COLUMN restricted;
ALTER TABLE sessions DROP COLUMN temporary_hash;
