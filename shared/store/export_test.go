package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// A Statement is one that was sent to PostgreSQL, to the letter.
type Statement struct {
	SQL  string
	Args []any
}

// OpenTraced is Open with one connection, whose statements are shown as they are sent.
func OpenTraced(url string, show func(Statement)) (*Store, error) {
	s, err := Open(url, "traced", 1)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.Tracer = tracer(show)
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(1)
	s.db = bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	return s, nil
}

// DB is the store's own pool.
func (s *Store) DB() *sql.DB { return s.db.DB }

type tracer func(Statement)

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	args := slices.DeleteFunc(slices.Clone(data.Args), func(arg any) bool { // options go before the arguments
		switch arg.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			return true
		}
		return false
	})
	t(Statement{data.SQL, args})
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// PostsFormatted is Posts as bun itself would read them: with the arguments in the text, planned at each call.
func (s *Store) PostsFormatted(ctx context.Context, viewer int64, p Page) (List[Post], error) {
	before, err := p.beforeID()
	if err != nil {
		return List[Post]{}, err
	}
	var posts []Post
	query := strings.NewReplacer("$1", "?0", "$2", "?1").Replace(postFeed)
	err = s.db.NewRaw(query+p.limit(), viewer, before).Scan(ctx, &posts)
	return listOf(posts, p, func(p Post) string { return idKey(p.ID) }), err
}
