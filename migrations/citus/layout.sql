-- How the tables are distributed with Citus, once, in one transaction. Accounts, sessions and statistics stay on the
-- coordinator. Posts, with all that belongs to them, are distributed by the post, so that each write to a post is on one
-- server. All servers have a copy of people.

-- Citus changes a table that foreign keys of distributed ones refer to on one connection per server only.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';

DROP VIEW people;
CREATE TABLE people (
    uid        bigint PRIMARY KEY,
    id         text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    nickname   text,
    deleted_at timestamptz
);
INSERT INTO people SELECT uid, id, name, nickname, deleted_at FROM users;
CREATE UNIQUE INDEX people_id ON people (lower(id)) WHERE deleted_at IS NULL;
CREATE INDEX people_deleted ON people (uid) WHERE deleted_at IS NOT NULL;

-- Citus has no triggers on distributed tables: the functions that create and delete posts count them.
DROP TRIGGER posts_created ON posts;
DROP TRIGGER posts_deleted ON posts;

-- A table must lose its foreign keys to become distributed. They come back below.
ALTER TABLE posts DROP CONSTRAINT posts_owner_uid_fkey;
ALTER TABLE comments DROP CONSTRAINT comments_post_id_fkey, DROP CONSTRAINT comments_owner_uid_fkey;
ALTER TABLE post_reactions
    DROP CONSTRAINT post_reactions_post_id_fkey, DROP CONSTRAINT post_reactions_user_uid_fkey;
ALTER TABLE comment_reactions
    DROP CONSTRAINT comment_reactions_post_id_comment_id_fkey, DROP CONSTRAINT comment_reactions_user_uid_fkey;
ALTER TABLE notifications
    DROP CONSTRAINT notifications_user_uid_fkey, DROP CONSTRAINT notifications_actor_uid_fkey,
    DROP CONSTRAINT notifications_post_id_fkey, DROP CONSTRAINT notifications_post_id_comment_id_fkey;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_user_uid_fkey;

-- A unique key contains what a table is distributed by.
ALTER TABLE notifications DROP CONSTRAINT notifications_pkey, ADD PRIMARY KEY (user_uid, id, post_id);
-- A change has the id of its post here, so that both are on one server.
ALTER TABLE total_changes DROP CONSTRAINT total_changes_pkey;
CREATE INDEX total_changes_id ON total_changes (id);

SELECT create_reference_table('people');
SELECT create_distributed_table('posts', 'id', colocate_with => 'none');
SELECT create_distributed_table('comments', 'post_id', colocate_with => 'posts');
SELECT create_distributed_table('post_reactions', 'post_id', colocate_with => 'posts');
SELECT create_distributed_table('comment_reactions', 'post_id', colocate_with => 'posts');
SELECT create_distributed_table('notifications', 'post_id', colocate_with => 'posts');
SELECT create_distributed_table('total_changes', 'id', colocate_with => 'posts');
SELECT create_distributed_table('idempotency_keys', 'user_uid', colocate_with => 'none');

ALTER TABLE posts ADD CONSTRAINT posts_owner_uid_fkey
    FOREIGN KEY (owner_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT comments_post_id_fkey
    FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT comments_owner_uid_fkey
    FOREIGN KEY (owner_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE post_reactions ADD CONSTRAINT post_reactions_post_id_fkey
    FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE;
ALTER TABLE post_reactions ADD CONSTRAINT post_reactions_user_uid_fkey
    FOREIGN KEY (user_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE comment_reactions ADD CONSTRAINT comment_reactions_post_id_comment_id_fkey
    FOREIGN KEY (post_id, comment_id) REFERENCES comments ON DELETE CASCADE;
ALTER TABLE comment_reactions ADD CONSTRAINT comment_reactions_user_uid_fkey
    FOREIGN KEY (user_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE notifications ADD CONSTRAINT notifications_user_uid_fkey
    FOREIGN KEY (user_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE notifications ADD CONSTRAINT notifications_actor_uid_fkey
    FOREIGN KEY (actor_uid) REFERENCES people ON DELETE CASCADE;
ALTER TABLE notifications ADD CONSTRAINT notifications_post_id_fkey
    FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE;
ALTER TABLE notifications ADD CONSTRAINT notifications_post_id_comment_id_fkey
    FOREIGN KEY (post_id, comment_id) REFERENCES comments ON DELETE CASCADE;
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_user_uid_fkey
    FOREIGN KEY (user_uid) REFERENCES people ON DELETE CASCADE;
