package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/ops/postgres"
)

const (
	databaseName = "minifb"
	diskSize     = 512 << 20 // bytes of the disk that can be filled
)

// A database is PostgreSQL with a proxy in front of it, which the functions connect to.
type database struct {
	options postgres.Options
	cluster *postgres.Cluster
	proxy   *proxy
	sockets string // the directory of the proxy's socket
	disk    string // where the disk is mounted; empty: PostgreSQL has no disk of its own
	clock   string // the file from which libfaketime reads the clock's error; empty: without libfaketime
}

// startDatabase starts PostgreSQL in a new directory. Root gives it a small disk of its own, in memory, which can be
// filled.
func startDatabase(ctx context.Context, dir string) (d *database, err error) {
	d = &database{options: postgres.Options{Dir: dir, Database: databaseName}, sockets: filepath.Join(dir, "proxy")}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	home := filepath.Join(dir, "postgres")
	if err := errors.Join(os.MkdirAll(d.sockets, 0o700), os.Mkdir(home, 0o700)); err != nil {
		return d, err
	}
	if os.Geteuid() == 0 {
		size := fmt.Sprintf("size=%d,mode=0700", diskSize)
		if err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", size, "minifb-chaos", home).Run(); err == nil {
			d.disk = home // without the right to mount, as in a container, that fault is left out
		}
	}
	if library := findFaketime(); library != "" {
		d.clock = filepath.Join(dir, "clock")
		if err := d.setClock(0); err != nil {
			return d, err
		}
		d.options.Env = []string{
			"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + d.clock, "FAKETIME_NO_CACHE=1",
			"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1",
		}
	}
	if d.cluster, err = postgres.Start(ctx, d.options); err != nil {
		return d, err
	}
	where, err := url.Parse(d.cluster.URL(databaseName))
	if err != nil {
		return d, err
	}
	target := filepath.Join(where.Query().Get("host"), ".s.PGSQL.5432")
	if d.proxy, err = newProxy(filepath.Join(d.sockets, ".s.PGSQL.5432"), target); err != nil {
		return d, err
	}
	return d, nil
}

// functionsURL is the URL with which each function connects to the proxy.
func (d *database) functionsURL() string {
	query := url.Values{"host": {d.sockets}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	return "postgres://minifb_{function}@/" + databaseName + "?" + query
}

// open connects as the superuser, past the proxy.
func (d *database) open() (*sql.DB, error) { return sql.Open("pgx", d.cluster.URL(databaseName)) }

func (d *database) exec(ctx context.Context, statements ...string) error {
	db, err := d.open()
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (d *database) start(ctx context.Context) (err error) {
	d.cluster, err = postgres.Start(ctx, d.options)
	return err
}

// kill kills the postmaster. Its children end by themselves.
func (d *database) kill() error {
	if err := syscall.Kill(d.cluster.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	<-d.cluster.Done()
	return nil
}

// signal sends a signal to all of PostgreSQL's processes, to the postmaster first, so that it starts no others.
func (d *database) signal(s syscall.Signal) error {
	postmaster := strconv.Itoa(d.cluster.PID())
	if err := syscall.Kill(d.cluster.PID(), s); err != nil {
		return err
	}
	children, err := os.ReadFile(filepath.Join("/proc", postmaster, "task", postmaster, "children"))
	if err != nil {
		return err
	}
	for field := range strings.FieldsSeq(string(children)) {
		if pid, err := strconv.Atoi(field); err == nil {
			_ = syscall.Kill(pid, s) // it may have just exited
		}
	}
	return nil
}

// setClock sets by how many seconds PostgreSQL's clock is wrong.
func (d *database) setClock(seconds int) error {
	return os.WriteFile(d.clock, fmt.Appendf(nil, "%+d\n", seconds), 0o644) //nolint:gosec // PostgreSQL's user reads it
}

// findFaketime returns the path of libfaketime, which Debian's package faketime has; empty if it is not installed.
func findFaketime() string {
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1") // the pattern is valid
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

func (d *database) stop() error {
	if d.proxy != nil {
		d.proxy.close()
	}
	var err error
	if d.cluster != nil {
		err = d.cluster.Stop()
	}
	if d.disk != "" {
		const attempts = 50 // the last of PostgreSQL's processes may still exit
		for range attempts {
			var text []byte
			if text, err = exec.Command("umount", d.disk).CombinedOutput(); err == nil {
				break
			}
			err = fmt.Errorf("unmount %s: %w: %s", d.disk, err, text)
			time.Sleep(100 * time.Millisecond)
		}
	}
	return err
}
