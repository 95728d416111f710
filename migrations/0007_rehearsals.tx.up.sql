-- A new release calls each of its routes before it serves, in a transaction that is rolled back: a rehearsal. What it
-- works on exists only in that transaction.

-- A user who was created at the epoch belongs to a rehearsal. No transaction with one can be committed, so that a
-- rehearsal leaves nothing, whatever a release does.
CREATE FUNCTION refuse_rehearsal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a rehearsal must be rolled back';
END $$;
CREATE CONSTRAINT TRIGGER users_rehearsal AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.created_at = 'epoch') EXECUTE FUNCTION refuse_rehearsal();

-- rehearse creates an administrator with a session, another user, and posts, comments and reactions of both. It runs as
-- the owner of the tables, since no function may create all of that. The password is that of shared/store/rehearsal.go.
-- Every key is unique, so that no rehearsal waits for another one.
CREATE FUNCTION rehearse(
    OUT user_uid bigint, OUT user_id text, OUT free_id text, OUT session uuid, OUT refresh_token text,
    OUT notification bigint,
    OUT own_post bigint, OUT reacted_post bigint, OUT other_post bigint,
    OUT own_comment bigint, OUT reacted_comment bigint, OUT other_comment bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    other bigint;
    -- No account can have these IDs, because they are random.
    unique_text text := replace(gen_random_uuid()::text, '-', '');
BEGIN
    user_id := '~1' || unique_text;
    free_id := '~2' || unique_text;
    refresh_token := unique_text;
    INSERT INTO users (id, password_hash, name, email, role, created_at) VALUES (user_id,
        'pbkdf2:sha256:1$rehearsal$9ac7827f23ea8a5557852a91c2bb7638bda9bf0675ed52da7cb445aa3189de78',
        'Rehearsal', 'rehearsal@example.org', 'admin', 'epoch') RETURNING uid INTO user_uid;
    INSERT INTO users (id, password_hash, name, created_at)
        VALUES ('~3' || unique_text, 'no password', 'Other', 'epoch') RETURNING uid INTO other;
    INSERT INTO sessions (user_uid, expires_at) VALUES (user_uid, now() + interval '1 hour') RETURNING id INTO session;
    INSERT INTO refresh_tokens (hash, session_id) VALUES (sha256(refresh_token::bytea), session);

    INSERT INTO posts (owner_uid, content, comment_count) VALUES (user_uid, 'own', 1) RETURNING id INTO own_post;
    INSERT INTO posts (owner_uid, content, comment_count, reaction_1)
        VALUES (other, 'reacted', 2, 1) RETURNING id INTO reacted_post;
    INSERT INTO posts (owner_uid, content) VALUES (other, 'other') RETURNING id INTO other_post;
    INSERT INTO comments (post_id, owner_uid, content)
        VALUES (reacted_post, user_uid, 'own') RETURNING id INTO own_comment;
    INSERT INTO comments (post_id, owner_uid, content, reaction_1)
        VALUES (reacted_post, other, 'reacted', 1) RETURNING id INTO reacted_comment;
    INSERT INTO comments (post_id, owner_uid, content)
        VALUES (own_post, other, 'other') RETURNING id INTO other_comment;
    INSERT INTO post_reactions (post_id, user_uid, type) VALUES (reacted_post, user_uid, 1);
    INSERT INTO comment_reactions (post_id, comment_id, user_uid, type)
        VALUES (reacted_post, reacted_comment, user_uid, 1);
    INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id)
        VALUES (user_uid, 1, other, own_post, other_comment) RETURNING id INTO notification;
END $$;
