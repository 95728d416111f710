package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrNoPostgres says that the machine has no PostgreSQL server.
var ErrNoPostgres = errors.New("this machine has no PostgreSQL server (its programs initdb and postgres)")

// Binaries are one installed PostgreSQL.
type Binaries struct {
	Dir   string // where initdb and postgres are
	Major int
}

// Find lists the PostgreSQL servers of this machine, the one to prefer first: what PATH names, then the newest. It answers
// ErrNoPostgres where there is none.
func Find() ([]Binaries, error) {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	var rest []Binaries
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	} {
		matches, _ := filepath.Glob(pattern) // fails on a bad pattern alone
		for _, dir := range matches {
			if b, err := inspect(dir); err == nil {
				rest = append(rest, b)
			}
		}
	}
	slices.SortStableFunc(rest, func(a, b Binaries) int { return b.Major - a.Major })
	for _, b := range rest {
		dirs = append(dirs, b.Dir)
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	var found []Binaries
	for _, dir := range dirs {
		b, err := inspect(dir)
		if err == nil && !slices.Contains(found, b) {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return nil, ErrNoPostgres
	}
	return found, nil
}

var version = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect asks the server in dir for its version; it fails where dir has no whole server.
func inspect(dir string) (Binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, err
	}
	match := version.FindSubmatch(out)
	if match == nil {
		return Binaries{}, fmt.Errorf("%s/postgres tells no version", dir)
	}
	major, err := strconv.Atoi(string(match[1]))
	return Binaries{dir, major}, err
}

// pick chooses the server for a database that made by the major version made, 0 where it has yet to be made.
func pick(found []Binaries, made int, dir string) (Binaries, error) {
	if made == 0 {
		return found[0], nil
	}
	var here []string
	for _, b := range found {
		if b.Major == made {
			return b, nil
		}
		here = append(here, strconv.Itoa(b.Major))
	}
	return Binaries{}, fmt.Errorf("the database in %s was made by PostgreSQL %d, but this machine has %s: install PostgreSQL %d, or move that folder away to begin anew",
		dir, made, strings.Join(here, " and "), made)
}
