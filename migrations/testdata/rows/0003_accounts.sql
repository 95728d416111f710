INSERT INTO temporary_passwords (user_uid, hash, expires_at)
    SELECT uid, sha256('secret'), now() + interval '30 minutes' FROM users;
INSERT INTO temporary_password_requests (user_id) VALUES ('robert'), ('unknown');
INSERT INTO rate_limits (key, tat) VALUES ('sign-in robert 192.0.2.1', now());
