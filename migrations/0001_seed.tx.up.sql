-- The first schema. Internal keys are bigint. Lengths count code points, as in the contract. The keys of comments and
-- reactions contain the post, so that the tables can be sharded by post.

CREATE TABLE users (
    uid           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9._~@+-]{4,50}$'),
    password_hash text NOT NULL CHECK (char_length(password_hash) BETWEEN 10 AND 100),
    name          text NOT NULL CHECK (char_length(name) BETWEEN 2 AND 16),
    nickname      text CHECK (char_length(nickname) BETWEEN 1 AND 30),
    intro         text CHECK (char_length(intro) BETWEEN 1 AND 85),
    email         text CHECK (char_length(email) BETWEEN 3 AND 254),
    role          text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- When the account was deleted. From then on it is invisible; its rows are deleted later, in small batches.
    deleted_at    timestamptz
);
CREATE UNIQUE INDEX users_id ON users (lower(id)) WHERE deleted_at IS NULL;
CREATE INDEX users_deleted ON users (uid) WHERE deleted_at IS NOT NULL;

CREATE TABLE posts (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_uid     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    content       text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 3000),
    modified      boolean NOT NULL DEFAULT false,
    revision      integer NOT NULL DEFAULT 1, -- changes with the content, not with the counters
    comment_count integer NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    reaction_1    integer NOT NULL DEFAULT 0 CHECK (reaction_1 >= 0),
    reaction_2    integer NOT NULL DEFAULT 0 CHECK (reaction_2 >= 0),
    reaction_3    integer NOT NULL DEFAULT 0 CHECK (reaction_3 >= 0),
    reaction_4    integer NOT NULL DEFAULT 0 CHECK (reaction_4 >= 0),
    reaction_5    integer NOT NULL DEFAULT 0 CHECK (reaction_5 >= 0),
    created_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 90); -- room on the page for a row's next version; no counter is indexed
CREATE INDEX posts_owner ON posts (owner_uid, id);

CREATE TABLE comments (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    post_id    bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    owner_uid  bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    content    text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 1000),
    modified   boolean NOT NULL DEFAULT false,
    revision   integer NOT NULL DEFAULT 1,
    reaction_1 integer NOT NULL DEFAULT 0 CHECK (reaction_1 >= 0),
    reaction_2 integer NOT NULL DEFAULT 0 CHECK (reaction_2 >= 0),
    reaction_3 integer NOT NULL DEFAULT 0 CHECK (reaction_3 >= 0),
    reaction_4 integer NOT NULL DEFAULT 0 CHECK (reaction_4 >= 0),
    reaction_5 integer NOT NULL DEFAULT 0 CHECK (reaction_5 >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (post_id, id) -- also the index of the list
) WITH (fillfactor = 90);
CREATE INDEX comments_id ON comments (id); -- for GET /comment/{id}, which has no post
CREATE INDEX comments_owner ON comments (owner_uid);

CREATE TABLE post_reactions (
    post_id    bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    user_uid   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    type       smallint NOT NULL CHECK (type BETWEEN 1 AND 5),
    previous   smallint, -- the type before the last PUT, perhaps the same; tells how to change the counters
    modified   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (post_id, user_uid)
) WITH (fillfactor = 90);
-- With user_uid + 0, the planner cannot use this index to look up one user's reaction. With user_uid, when statistics show
-- few reactions per post, it may prefer this index to the primary key, and read all reactions to a hot post.
CREATE INDEX post_reactions_newest ON post_reactions (post_id, created_at, (user_uid + 0));
CREATE INDEX post_reactions_user ON post_reactions (user_uid, post_id);

CREATE TABLE comment_reactions (
    post_id    bigint NOT NULL,
    comment_id bigint NOT NULL,
    user_uid   bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    type       smallint NOT NULL CHECK (type BETWEEN 1 AND 5),
    previous   smallint,
    modified   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (post_id, comment_id, user_uid),
    FOREIGN KEY (post_id, comment_id) REFERENCES comments ON DELETE CASCADE
) WITH (fillfactor = 90);
CREATE INDEX comment_reactions_newest ON comment_reactions (post_id, comment_id, created_at, (user_uid + 0));
CREATE INDEX comment_reactions_user ON comment_reactions (user_uid, post_id, comment_id);

CREATE TABLE notifications (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    user_uid      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    type          smallint NOT NULL CHECK (type IN (1, 2)), -- 1: a comment on the user's post, 2: a reaction to it
    actor_uid     bigint NOT NULL REFERENCES users ON DELETE CASCADE CHECK (actor_uid <> user_uid),
    post_id       bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    comment_id    bigint,
    reaction_type smallint CHECK (reaction_type BETWEEN 1 AND 5),
    read          boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_uid, id),
    FOREIGN KEY (post_id, comment_id) REFERENCES comments ON DELETE CASCADE,
    CHECK ((type = 1) = (comment_id IS NOT NULL) AND (type = 2) = (reaction_type IS NOT NULL))
);
CREATE INDEX notifications_unread ON notifications (user_uid, id) WHERE NOT read;
CREATE INDEX notifications_post ON notifications (post_id, comment_id);
CREATE INDEX notifications_actor ON notifications (actor_uid);
-- One notification per reaction, also under concurrent requests.
CREATE UNIQUE INDEX notifications_reaction ON notifications (post_id, actor_uid) WHERE type = 2;

CREATE TABLE sessions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_uid     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    user_agent   text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_uid, created_at, id);

-- All refresh tokens of a session, used ones included: the reuse of one reveals a theft.
CREATE TABLE refresh_tokens (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- SHA-256; the token itself is not stored
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    parent     bytea, -- the token whose rotation created this one
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz -- when it was rotated, or became invalid because a sibling was used
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_parent ON refresh_tokens (parent);

-- Sessions that were revoked within the life of an access token. Functions read the table about once a second.
CREATE TABLE ended_sessions (
    id       uuid PRIMARY KEY,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ended_sessions_at ON ended_sessions (ended_at);

-- A trigger, so that every deletion of a session, by a cascade too, makes its access tokens invalid.
CREATE FUNCTION remember_ended_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ended_sessions (id) SELECT id FROM gone ON CONFLICT DO NOTHING;
    DELETE FROM ended_sessions WHERE id IN (
        SELECT id FROM ended_sessions WHERE ended_at < now() - interval '1 hour'
        ORDER BY ended_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION remember_ended_sessions();
