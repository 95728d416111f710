package process

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// A Socket is a listening unix socket that this process holds for its units. While no process
// accepts connections on it, new ones wait in its backlog.
type Socket struct {
	path string
	file *os.File
}

// Listen creates the socket, readable and writable by its owner and group. A socket that a killed
// process left at the path is replaced. The path must not be longer than 107 bytes.
func Listen(path string) (*Socket, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove a stale socket: %w", err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // the duplicate below still listens
	file, err := listener.File()
	err = errors.Join(err, listener.Close(), os.Chmod(path, 0o660)) //nolint:gosec // nginx is in the group
	if err != nil {
		return nil, err
	}
	return &Socket{path, file}, nil
}

// Close closes the socket and removes it. Processes that have it still accept the connections that
// wait in it.
func (s *Socket) Close() error {
	return errors.Join(os.Remove(s.path), s.file.Close())
}
