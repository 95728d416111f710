DROP FUNCTION take_rate_limits(text[], integer[], interval[]);
DROP TABLE rate_limits;
DROP TABLE temporary_password_requests;
DROP TABLE temporary_passwords;
ALTER TABLE sessions DROP COLUMN family;
ALTER TABLE sessions DROP COLUMN temporary_hash;
