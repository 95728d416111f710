DROP FUNCTION prune_refresh_tokens(integer);
DROP FUNCTION has_email(bigint);
ALTER FUNCTION take_rate_limits(text[], integer[], interval[]) SECURITY INVOKER RESET search_path;
ALTER FUNCTION remember_ended_sessions() SECURITY INVOKER RESET search_path;
ALTER TABLE users DROP COLUMN row_lock;
