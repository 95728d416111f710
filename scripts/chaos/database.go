package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/trial"
)

const (
	databaseName = "minifb"
	diskSize     = 512 << 20 // bytes of the disk that can be filled
)

// A database is PostgreSQL with a proxy in front of it, which the functions connect to.
type database struct {
	options postgres.Options
	cluster *postgres.Cluster
	proxy   *pgproxy.Proxy
	delay   atomic.Int64 // nanoseconds before the proxy passes on what a client has sent
	disk    string       // where the disk is mounted; empty: PostgreSQL has no disk of its own
	clock   string       // the file from which libfaketime reads the clock's error; empty: without libfaketime
}

// startDatabase starts PostgreSQL in a new directory. Root gives it a small disk of its own, in memory, which can be
// filled.
func startDatabase(ctx context.Context, dir string) (d *database, err error) {
	d = &database{options: postgres.Options{Dir: dir, Database: databaseName}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	home := filepath.Join(dir, "postgres")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return d, err
	}
	if os.Geteuid() == 0 {
		size := fmt.Sprintf("size=%d,mode=0700", diskSize)
		if err := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", size, "minifb-chaos", home).Run(); err == nil {
			d.disk = home // without the right to mount, as in a container, that fault is left out
		}
	}
	if library := findFaketime(); library != "" {
		if d.clock, err = newClock(); err != nil {
			return d, err
		}
		d.options.Env = []string{
			"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + d.clock, "FAKETIME_NO_CACHE=1",
			"FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1",
		}
	}
	if err := d.start(ctx); err != nil {
		return d, err
	}
	d.proxy, err = pgproxy.New(d.cluster.URL(databaseName), func(fromServer bool, _ []byte) bool {
		if !fromServer {
			time.Sleep(time.Duration(d.delay.Load()))
		}
		return true
	})
	return d, err
}

// open connects as the superuser, past the proxy.
func (d *database) open() (*sql.DB, error) { return sql.Open("pgx", d.cluster.URL(databaseName)) }

func (d *database) exec(ctx context.Context, statements ...string) error {
	return trial.Execute(ctx, d.cluster.URL(databaseName), statements...)
}

// start starts PostgreSQL until stop. The end of ctx does not stop it: the functions must be stopped first.
func (d *database) start(ctx context.Context) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.cluster, err = postgres.Start(context.WithoutCancel(ctx), d.options)
	return err
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

// setClock sets by how many seconds PostgreSQL's clock is wrong, and returns an error if the clock does not show it.
func (d *database) setClock(ctx context.Context, seconds int) error {
	if err := writeClock(d.clock, seconds); err != nil {
		return err
	}
	db, err := d.open()
	if err != nil {
		return err
	}
	defer db.Close()
	var epoch float64
	earliest := time.Now()
	if err := db.QueryRowContext(ctx, "SELECT extract(epoch FROM clock_timestamp())").Scan(&epoch); err != nil {
		return fmt.Errorf("read PostgreSQL's clock: %w", err)
	}
	const inexact = 2 * time.Second
	shown := time.UnixMilli(int64(epoch * 1000)).Add(-time.Duration(seconds) * time.Second)
	if shown.Before(earliest.Add(-inexact)) || shown.After(time.Now().Add(inexact)) {
		return fmt.Errorf("PostgreSQL's clock was set %d s wrong, and is %.0f s wrong", seconds,
			epoch-float64(earliest.Unix()))
	}
	return nil
}

// newClock returns the path of a new file in a folder of its own. PostgreSQL's user must be able to read it, and may
// not enter the folder of the run.
func newClock() (path string, err error) {
	dir, err := os.MkdirTemp("", "minifb-clock-")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "clock")
	//nolint:gosec // PostgreSQL's user enters it
	return path, errors.Join(os.Chmod(dir, 0o755), writeClock(path, 0))
}

// writeClock replaces the file. libfaketime ends PostgreSQL if it reads an empty one.
func writeClock(path string, seconds int) error {
	next := path + ".next"
	if err := os.WriteFile(next, fmt.Appendf(nil, "%+d\n", seconds), 0o644); err != nil { //nolint:gosec // see newClock
		return err
	}
	return os.Rename(next, path)
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
		d.proxy.Close()
	}
	var errs []error
	if d.cluster != nil {
		errs = append(errs, d.cluster.Stop())
	}
	if d.disk != "" {
		errs = append(errs, unmount(d.disk))
	}
	if d.clock != "" {
		errs = append(errs, os.RemoveAll(filepath.Dir(d.clock)))
	}
	return errors.Join(errs...)
}

// unmount tries for some time, because the last of PostgreSQL's processes may still exit.
func unmount(disk string) (err error) {
	const attempts = 50
	for range attempts {
		var text []byte
		if text, err = exec.Command("umount", disk).CombinedOutput(); err == nil {
			return nil
		}
		err = fmt.Errorf("unmount %s: %w: %s", disk, err, text)
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
