package areatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"minifb/migrations"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// superfluous returns the rights of a role that none of the statements needs, as one REVOKE for each.
// It takes each right from the role and lets PostgreSQL plan the statements, which checks the rights
// of every table and column in them. What runs inside of a function of the database is not checked:
// a role's rights are those of the statements that it sends, and such a function has its owner's.
func superfluous(ctx context.Context, url, role string, statements map[string][]any) (rights []string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	granted, err := rightsOf(ctx, conn, role)
	if err != nil {
		return nil, err
	}
	for _, revoke := range granted {
		needed, err := isNeeded(ctx, conn, role, revoke, statements)
		if err != nil {
			return nil, err
		}
		if !needed {
			rights = append(rights, revoke)
		}
	}
	return rights, nil
}

// rightsOf returns what would take each right from the role, in the database of the connection.
func rightsOf(ctx context.Context, conn *pgx.Conn, role string) (revokes []string, err error) {
	rows, err := conn.Query(ctx, `
		SELECT format('REVOKE %s (%I) ON %s FROM %I', privilege_type, attname, attrelid::regclass, $1::regrole)
		FROM pg_attribute, aclexplode(attacl) WHERE grantee = $1::regrole
		UNION ALL
		SELECT format('REVOKE %s ON %s %s FROM %I', privilege_type,
			CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass, $1::regrole)
		FROM pg_class, aclexplode(relacl) WHERE grantee = $1::regrole
		UNION ALL
		SELECT format('REVOKE %s ON ROUTINE %s FROM %I', privilege_type, oid::regprocedure, $1::regrole)
		FROM pg_proc, aclexplode(proacl) WHERE grantee = $1::regrole
		ORDER BY 1`, role)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// isNeeded reports whether one of the statements fails once a right is revoked. It changes nothing.
func isNeeded(
	ctx context.Context, conn *pgx.Conn, role, revoke string, statements map[string][]any,
) (needed bool, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	if _, err := tx.Exec(ctx, revoke+"; SET LOCAL ROLE "+role); err != nil {
		return false, err
	}
	for _, statement := range byMention(statements, revoke) {
		err := explain(ctx, tx, statement, statements[statement])
		if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == "42501" { // insufficient_privilege
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("%w: EXPLAIN %s", err, statement)
		}
	}
	return false, nil
}

func explain(ctx context.Context, tx pgx.Tx, statement string, args []any) error {
	rows, err := tx.Query(ctx, "EXPLAIN "+statement, args...)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	return err
}

// byMention returns the statements, those first that have most words of the text.
func byMention(statements map[string][]any, text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ().,", r) })
	count := func(statement string) (n int) {
		for _, word := range words {
			n += min(1, strings.Count(statement, word))
		}
		return n
	}
	return slices.SortedFunc(maps.Keys(statements), func(a, b string) int { return count(b) - count(a) })
}

// checkGrants prints the rights that the role of the area's tests has and does not need, and returns
// the exit code.
func checkGrants(ctx context.Context, routes function.Routes, output io.Writer) (code int) {
	rights, err := superfluousOfArea(ctx, routes)
	if err != nil {
		fmt.Fprintf(output, "the rights of %s: %v\n", role(), err)
		return 1
	}
	for _, right := range rights {
		fmt.Fprintf(output, "no statement of the tests needs a right in migrations/grants.sql: %s\n", right)
		code = 1
	}
	return code
}

func superfluousOfArea(ctx context.Context, routes function.Routes) (rights []string, err error) {
	url, drop, err := testdb.Create("")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	if _, err := store.Migrate(ctx, url); err != nil {
		return nil, err
	}
	if err := start(ctx, url, routes); err != nil {
		return nil, err
	}
	if err := testdb.Execute(url, needed(migrations.Grants)); err != nil {
		return nil, err
	}
	return superfluous(ctx, url, role(), executed.statements)
}

// needed returns the part of migrations/grants.sql that the present code needs. Below a line that
// begins with this mark are the rights that only the previous release needs, which runs beside it.
func needed(grants string) string {
	part, _, _ := strings.Cut(grants, "\n-- For the previous release")
	return part
}

// start executes what every function does: when it starts, when it is asked whether it is ready, and
// when it has counted its requests.
func start(ctx context.Context, url string, routes function.Routes) error {
	a, err := unconnected(routes)
	if err != nil {
		return err
	}
	address, err := testdb.WithRole(url, role())
	if err != nil {
		return err
	}
	s, err := store.Open(address, "test", 1, store.WithTracer(&executed))
	if err != nil {
		return err
	}
	defer s.Close()
	counts := map[store.Endpoint]int64{{Method: "GET", Path: "/test", Status: 200}: 1}
	_, err = s.AddRequests(ctx, "test", 0, 1, store.RequestBatch{At: time.Now(), Counts: counts, Times: []int64{1}})
	return errors.Join(err, s.Ready(ctx), s.Warm(ctx, a.WarmUps()...), s.NewRevokedSessions().Check(ctx, ""))
}
