-- The responses to creating requests, stored for 24 hours. A row is committed with the row that the request creates.
CREATE TABLE idempotency_keys (
    user_uid   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    method     text NOT NULL,
    path       text NOT NULL,
    key        text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    body_hash  bytea NOT NULL CHECK (octet_length(body_hash) = 32), -- SHA-256 of the body as sent
    created_id bigint, -- null only within the transaction that creates the row
    answer     bytea, -- the body of the first response
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_uid, method, path, key)
);
-- To find the expired rows of a user without reading the others.
CREATE INDEX idempotency_keys_age ON idempotency_keys (user_uid, created_at);
