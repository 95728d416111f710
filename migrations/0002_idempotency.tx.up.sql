-- What a creating request was answered, written with what it created, for 24 hours.
CREATE TABLE idempotency_keys (
    user_uid   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    method     text NOT NULL,
    path       text NOT NULL,
    key        text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    body_hash  bytea NOT NULL CHECK (octet_length(body_hash) = 32), -- SHA-256 of the body as sent
    created_id bigint, -- null only while the transaction that creates it runs
    answer     bytea, -- the body of the first answer
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_uid, method, path, key)
);
-- What has lapsed is found without a walk through all that the user sent in a day.
CREATE INDEX idempotency_keys_age ON idempotency_keys (user_uid, created_at);
