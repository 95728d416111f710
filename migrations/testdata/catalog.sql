-- One JSON object for each object of the schema, with the fields of the Go type object. An id stays the same when
-- the object is renamed. A definition is all that a down migration must restore, apart from the name.
WITH schemas AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
    SELECT c.* FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
)
SELECT jsonb_build_object('kind', 'schema', 'id', s.oid::text, 'name', s.nspname, 'definition', '')
FROM schemas s
UNION ALL
SELECT jsonb_build_object('kind', 'extension', 'id', e.oid::text, 'name', e.extname, 'definition', e.extversion)
FROM pg_extension e
UNION ALL
SELECT jsonb_build_object('kind', CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
    'id', c.oid::text, 'table', c.oid::bigint, 'name', c.oid::regclass, 'file', pg_relation_filenode(c.oid)::bigint,
    'definition', concat_ws(' ', c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        coalesce(c.relacl, acldefault('r', c.relowner)),
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END),
    'scans', pg_stat_get_xact_numscans(c.oid),
    'changed_rows', pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid),
    'locks', (SELECT jsonb_agg(l.mode) FROM pg_locks l
        WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c.oid))
FROM relations c
UNION ALL
SELECT jsonb_build_object('kind', 'column', 'id', c.oid || '.' || a.attnum, 'table', c.oid::bigint, 'name', a.attname,
    'type', t.type, 'required', a.attnotnull, 'default', t.default_value,
    'definition', concat_ws(' ', t.type, CASE WHEN a.attnotnull THEN 'NOT NULL' END, t.default_value,
        -- From 15.20 on, PostgreSQL counts changes of a column there.
        (SELECT array_agg(o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_attver=%')))
FROM relations c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum,
LATERAL (SELECT
    concat_ws(' COLLATE ', format_type(a.atttypid, a.atttypmod), nullif(a.attcollation, 0)::regcollation) AS type,
    concat_ws(' ',
        CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN 'GENERATED AS IDENTITY' END,
        CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
        pg_get_expr(d.adbin, d.adrelid)) AS default_value) t
UNION ALL
SELECT jsonb_build_object('kind', 'constraint', 'id', k.oid::text, 'table', k.conrelid::bigint, 'name', k.conname,
    'columns', to_jsonb(k.conkey), 'valid', k.convalidated, 'index', k.conindid::bigint, 'type', k.contype,
    'definition', pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN relations c ON c.oid = k.conrelid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL
SELECT jsonb_build_object('kind', 'index', 'id', i.indexrelid::text, 'table', i.indrelid::bigint, 'name', c.relname,
    'columns', to_jsonb(i.indkey::int2[]), 'required', i.indisunique, 'valid', i.indisvalid,
    'file', pg_relation_filenode(i.indexrelid)::bigint, 'definition', pg_get_indexdef(i.indexrelid))
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN relations r ON r.oid = i.indrelid
UNION ALL
SELECT jsonb_build_object('kind', 'trigger', 'id', t.oid::text, 'table', t.tgrelid::bigint, 'name', t.tgname,
    'valid', t.tgenabled <> 'D', 'definition', concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled))
FROM pg_trigger t JOIN relations c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT jsonb_build_object('kind', 'function', 'id', p.oid::text, 'name', p.oid::regprocedure,
    'definition', pg_get_functiondef(p.oid))
FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
UNION ALL
SELECT jsonb_build_object('kind', 'sequence', 'id', c.oid::text, 'name', c.oid::regclass,
    'definition', concat_ws(' ', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle))
FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN schemas s ON s.oid = c.relnamespace
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i') -- a column's identity
UNION ALL
SELECT jsonb_build_object('kind', 'type', 'id', t.oid::text, 'name', t.oid::regtype, 'definition', t.typtype)
FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r')
UNION ALL
SELECT jsonb_build_object('kind', 'value', 'id', e.oid::text, 'name', e.enumtypid::regtype || '.' || e.enumlabel,
    'definition', '')
FROM pg_enum e;
