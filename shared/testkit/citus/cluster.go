package citus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"minifb/shared/ops/postgres"
)

// A Cluster is a coordinator of Citus and its workers.
type Cluster struct {
	options []postgres.Options
	servers []*postgres.Cluster // the first is the coordinator
}

// Start starts a coordinator and this many workers in dir, with the programs that Install returned. What they commit
// survives Crash, but no crash of the machine. They reach each other by their sockets, so the system's user that
// PostgreSQL runs as must be able to reach dir, whose path must be short enough for a socket. They run until Stop.
func Start(ctx context.Context, programs, dir string, workers int) (c *Cluster, err error) {
	c = &Cluster{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop())
		}
	}()
	for i := range 1 + workers {
		o := postgres.Options{
			Dir: filepath.Join(dir, fmt.Sprint("server", i)), Programs: programs, Fast: true,
			Settings: []string{
				"shared_preload_libraries=citus", "synchronous_commit=on", "wal_level=logical", "max_wal_senders=10",
				"max_prepared_transactions=300", "max_worker_processes=100", "jit=off",
				"citus.node_conninfo=sslmode=disable", "citus.shard_count=8",
				"citus.enable_create_role_propagation=off", // each server gets its roles
			},
		}
		server, err := postgres.Start(context.WithoutCancel(ctx), o)
		if err != nil {
			return c, err
		}
		c.options, c.servers = append(c.options, o), append(c.servers, server)
	}
	return c, nil
}

// Servers returns the servers, the coordinator first.
func (c *Cluster) Servers() (s Servers) {
	for _, server := range c.servers {
		s = append(s, server.URL(postgres.User))
	}
	return s
}

// URL returns the URL of a database of the coordinator's.
func (c *Cluster) URL(database string) string { return c.servers[0].URL(database) }

// Crash kills a server; 0 is the coordinator.
func (c *Cluster) Crash(number int) error { return c.servers[number].Crash() }

// Restart starts a server that Crash has killed.
func (c *Cluster) Restart(ctx context.Context, number int) (err error) {
	c.servers[number], err = postgres.Start(context.WithoutCancel(ctx), c.options[number])
	return err
}

// Log returns the path of a server's log.
func (c *Cluster) Log(number int) string {
	return filepath.Join(c.options[number].Dir, postgres.LogName)
}

// Stop stops all servers, the coordinator first. One that Crash has killed is an error.
func (c *Cluster) Stop() (err error) {
	for _, server := range c.servers {
		err = errors.Join(err, server.Stop())
	}
	return err
}

// Reachable lets all users of the machine pass through a folder, but not list it.
func Reachable(dir string) error {
	return os.Chmod(dir, 0o711) //nolint:gosec // what is in it is private
}

// socket returns the directory of the socket in a server's URL.
func socket(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	host := u.Query().Get("host")
	if host == "" {
		return "", fmt.Errorf("the URL %s does not name a socket", address)
	}
	return host, nil
}
