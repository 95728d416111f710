-- What other users see of an account is copied to all servers.
CREATE OR REPLACE FUNCTION copy_person() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM people WHERE uid = OLD.uid;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO people (uid, id, name, nickname, deleted_at)
            VALUES (NEW.uid, NEW.id, NEW.name, NEW.nickname, NEW.deleted_at);
    ELSE
        UPDATE people SET id = NEW.id, name = NEW.name, nickname = NEW.nickname, deleted_at = NEW.deleted_at
            WHERE uid = NEW.uid;
    END IF;
    RETURN NULL;
END $$;
-- Their names come before users_hidden: triggers run in the order of their names.
CREATE OR REPLACE TRIGGER users_copied AFTER INSERT OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION copy_person();
CREATE OR REPLACE TRIGGER users_copied_again AFTER UPDATE ON users
    FOR EACH ROW WHEN ((OLD.id, OLD.name, OLD.nickname, OLD.deleted_at)
        IS DISTINCT FROM (NEW.id, NEW.name, NEW.nickname, NEW.deleted_at)) EXECUTE FUNCTION copy_person();

-- Citus cannot read a trigger's table of new rows in a statement on a distributed table.
CREATE OR REPLACE FUNCTION count_created_users() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    users bigint := (SELECT count(*) FROM created WHERE deleted_at IS NULL);
BEGIN
    IF users > 0 THEN
        INSERT INTO total_changes (what, quarter, n) VALUES ('users', '-infinity', users);
    END IF;
    RETURN NULL;
END $$;

-- Citus refuses to change people after it has read posts on several connections.
ALTER FUNCTION count_deleted_user() SET citus.multi_shard_modify_mode = 'sequential';
