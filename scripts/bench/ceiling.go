package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/ops/postgres"
	"minifb/shared/password"
	"minifb/shared/store"
)

// leastSettings are those of the store's connections; see store.Open.
const leastSettings = "PGOPTIONS=-c enable_memoize=off -c jit=off"

// pgbenchVariables are the random values of a script, by name.
var pgbenchVariables = []struct{ name, set string }{
	{"post", "random(1, :posts)"},
	{"viewer", ":first_viewer + :viewer_step * random(0, :viewers - 1)"},
	{"user", ":writer_step * random(1, :writers)"},
	{"type", "random(1, 5)"},
	{"which", "random(0, 1)"},
}

// script returns the script of pgbench for SQL.
func script(sql string) string {
	var text strings.Builder
	for _, v := range pgbenchVariables {
		if regexp.MustCompile(`:` + v.name + `\b`).MatchString(sql) {
			fmt.Fprintf(&text, "\\set %s %s\n", v.name, v.set)
		}
	}
	return text.String() + sql + "\n"
}

var (
	pgbenchRate   = regexp.MustCompile(`(?m)^tps = ([0-9.]+) `)
	pgbenchCount  = regexp.MustCompile(`(?m)^number of transactions actually processed: (\d+)`)
	pgbenchFailed = regexp.MustCompile(`(?m)^number of failed transactions: (\d+)`)
)

// parsePgbench returns the transactions per second, and how many there were, from the output of pgbench. It is an
// error if one failed.
func parsePgbench(output []byte) (perSecond float64, transactions int64, err error) {
	text := string(output)
	rate, count := pgbenchRate.FindStringSubmatch(text), pgbenchCount.FindStringSubmatch(text)
	if rate == nil || count == nil {
		return 0, 0, fmt.Errorf("pgbench prints no result:\n%s", text)
	}
	if failed := pgbenchFailed.FindStringSubmatch(text); failed != nil && failed[1] != "0" {
		return 0, 0, fmt.Errorf("%s transactions of pgbench failed", failed[1])
	}
	perSecond, err1 := strconv.ParseFloat(rate[1], 64)
	transactions, err2 := strconv.ParseInt(count[1], 10, 64)
	return perSecond, transactions, errors.Join(err1, err2)
}

// pgbench runs a ceiling's SQL for some time. Its duration includes the time that it needs to connect, its result does
// not.
func (b *bench) pgbench(ctx context.Context, c ceiling, clients int, connecting time.Duration) (measurement, error) {
	before, err := b.database.cpu()
	if err != nil {
		return measurement{}, err
	}
	limit := []string{"-T", seconds(b.duration + connecting.Round(time.Second))}
	if b.pause > 0 {
		limit = []string{"-t", "3"} // also on a machine that is so busy that it connects for seconds
	}
	output, err := b.runPgbench(ctx, c, clients, limit...)
	if err != nil {
		return measurement{}, err
	}
	perSecond, transactions, err := parsePgbench(output)
	if err != nil {
		return measurement{}, err
	}
	after, err := b.database.cpu()
	return measurement{PerSecond: perSecond, PostgresCPU: perRequest(after-before, transactions)}, err
}

// warmTransactions is how often a ceiling's SQL runs before it is measured.
const warmTransactions = 2000

var pgbenchConnected = regexp.MustCompile(`(?m)^initial connection time = ([0-9.]+) ms`)

// warmPgbench runs a ceiling's SQL some times, and returns how long the clients need to connect.
func (b *bench) warmPgbench(ctx context.Context, c ceiling, clients int) (connecting time.Duration, err error) {
	output, err := b.runPgbench(ctx, c, clients, "-t", strconv.Itoa(max(1, warmTransactions/clients)))
	if err != nil {
		return 0, err
	}
	match := pgbenchConnected.FindSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("pgbench prints no initial connection time:\n%s", output)
	}
	milliseconds, err := strconv.ParseFloat(string(match[1]), 64)
	return time.Duration(milliseconds * float64(time.Millisecond)), err
}

// runPgbench runs a ceiling's SQL for as long, or as often, as the arguments say.
func (b *bench) runPgbench(ctx context.Context, c ceiling, clients int, arguments ...string) ([]byte, error) {
	file := filepath.Join(b.dir, "ceiling.sql")
	if err := os.WriteFile(file, []byte(script(c.sql)), 0o600); err != nil {
		return nil, err
	}
	arguments = append(arguments, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "1", "-f", file)
	if b.pause > 0 {
		arguments = append(arguments, "-R", fmt.Sprint(float64(clients)/b.pause.Seconds()))
	}
	for name, value := range b.size.variables() {
		arguments = append(arguments, "-D", name+"="+strconv.Itoa(value))
	}
	cmd := exec.Command(b.pgbenchPath, append(arguments, b.database.url)...)
	cmd.Env = append(os.Environ(), leastSettings)
	return runProgram(ctx, cmd)
}

// findPgbench returns the path of the pgbench that belongs to the server.
func (d *database) findPgbench() (string, error) {
	found, err := postgres.Find()
	if err != nil {
		return "", err
	}
	for _, p := range found {
		path := filepath.Join(p.Dir, "pgbench")
		if _, err := os.Stat(path); err == nil && p.Major == d.cluster.Version() {
			return path, nil
		}
	}
	return "", fmt.Errorf("PostgreSQL %d has no pgbench on this machine; install its package of programs",
		d.cluster.Version())
}

// hashes measures how many passwords all cores check in a second.
func (b *bench) hashes(ctx context.Context, duration time.Duration) (measurement, error) {
	hasher := password.New(b.iterations)
	stored, err := hasher.Hash(ctx, password.Requester{}, plainPassword)
	if err != nil {
		return measurement{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var n atomic.Int64
	begun := time.Now()
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(begun) < duration {
				if ok, _, err := hasher.Verify(ctx, password.Requester{}, stored, plainPassword); err != nil || !ok {
					cancel(fmt.Errorf("a password is not verified: %w", err))
				}
				n.Add(1)
				time.Sleep(b.pause)
			}
		})
	}
	all.Wait()
	return measurement{PerSecond: float64(n.Load()) / time.Since(begun).Seconds()}, context.Cause(ctx)
}

// A recorder keeps the statements that a store sends, and their arguments.
type recorder struct{ queries []pgx.TraceQueryStartData }

// TraceQueryStart keeps a statement.
func (r *recorder) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData,
) context.Context {
	r.queries = append(r.queries, data)
	return ctx
}

// TraceQueryEnd does nothing.
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// ownReaction returns what the store sends for one reaction, as a script of pgbench with this variable as the post. It
// lets the store react once.
func (b *bench) ownReaction(ctx context.Context, variable string) (string, error) {
	var r recorder
	s, err := store.Open(b.database.url, "bench", 1, store.WithTracer(&r))
	if err != nil {
		return "", err
	}
	defer s.Close()
	viewer, post := b.viewers[0].UserUID, int64(b.size.Posts-1)
	const kind = 3
	if _, _, err := s.PutPostReaction(ctx, viewer, post, kind); err != nil {
		return "", err
	}
	names := map[int64]string{viewer: ":viewer", post: variable, kind: ":type"}
	var text strings.Builder
	for _, q := range r.queries {
		values, err := expressions(q.Args, names)
		if err != nil {
			return "", fmt.Errorf("the store's statement for a reaction: %w", err)
		}
		text.WriteString(placeholder.ReplaceAllStringFunc(q.SQL, func(found string) string {
			n, _ := strconv.Atoi(found[1:]) // digits
			return values[n-1]
		}) + ";\n")
	}
	return text.String(), nil
}

var placeholder = regexp.MustCompile(`\$\d+`)

// expressions returns the arguments of a statement as SQL with variables of pgbench, for values that have one.
func expressions(arguments []any, names map[int64]string) (texts []string, err error) {
	for _, argument := range arguments {
		switch argument.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID: // how, and not what
			continue
		}
		v := reflect.ValueOf(argument)
		switch {
		case v.CanInt() && names[v.Int()] != "":
			texts = append(texts, names[v.Int()])
		case v.Kind() == reflect.Slice && v.Len() == 1 && v.Index(0).CanInt() && names[v.Index(0).Int()] != "":
			kind := "bigint"
			if v.Type().Elem().Kind() == reflect.Int16 {
				kind = "smallint"
			}
			texts = append(texts, fmt.Sprintf("ARRAY[%s::%s]", names[v.Index(0).Int()], kind))
		default:
			return nil, fmt.Errorf("the argument %v is neither the user, nor the post, nor the type", argument)
		}
	}
	return texts, nil
}
