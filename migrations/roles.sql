-- The roles that the functions connect with, one for each function of template.yaml. A role belongs to all databases of
-- its server, so it may exist, and another process may be creating it. It has no password yet, and no rights here:
-- those are in grants.sql.
DO $$
DECLARE
    area text;
BEGIN
    FOREACH area IN ARRAY ARRAY['account', 'auth', 'post', 'timeline', 'comment', 'reaction', 'notification',
        'backoffice', 'docs', 'maintenance']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'minifb_' || area) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', 'minifb_' || area);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END $$;
