-- The rights on the shards, which Citus does not derive from those on columns. The coordinator has checked the columns;
-- and a row that it sends has all of them. So each server checks whole tables.
SELECT result FROM (
    SELECT logicalrelid, string_agg(format('GRANT %s ON %%1$s TO %I', verbs, role), '; ') AS grants
    FROM (
        SELECT logicalrelid, grantee::regrole::name AS role, string_agg(DISTINCT privilege_type, ', ') AS verbs
        FROM pg_dist_partition CROSS JOIN LATERAL (
            SELECT (aclexplode(relacl)).* FROM pg_class WHERE oid = logicalrelid
            UNION ALL
            SELECT (aclexplode(attacl)).* FROM pg_attribute WHERE attrelid = logicalrelid
        ) AS rights
        WHERE grantee::regrole::text ~ '^minifb_[a-z0-9]+$'
        GROUP BY 1, 2
    ) AS roles
    GROUP BY 1
) AS tables CROSS JOIN LATERAL run_command_on_placements(logicalrelid, format('REVOKE ALL ON %%1$s FROM %s; %s', (
    SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles WHERE rolname ~ '^minifb_[a-z0-9]+$'
), grants))
WHERE NOT success
