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

// errNoPostgres is returned if no PostgreSQL server is installed.
var errNoPostgres = errors.New("no PostgreSQL server is installed on this machine (the programs initdb and postgres)")

// Binaries are the programs of one installed PostgreSQL.
type Binaries struct {
	Dir   string // holds initdb, postgres and usually pg_basebackup
	Major int
}

// Find returns the installed PostgreSQL servers in order of preference: the one in PATH, then the
// newest. Without any it returns errNoPostgres.
func Find() ([]Binaries, error) {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if linked, err := filepath.EvalSymlinks(path); err == nil {
			path = linked // beside it are the other programs
		}
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, b := range newestFirst(
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	) {
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
		return nil, errNoPostgres
	}
	return found, nil
}

// newestFirst returns the servers in the directories that match a pattern.
func newestFirst(patterns ...string) (found []Binaries) {
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(pattern) // fails only on a malformed pattern
		for _, dir := range matches {
			if b, err := inspect(dir); err == nil {
				found = append(found, b)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int { return b.Major - a.Major })
	return found
}

var version = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect returns the server in dir with its version. It is an error if a program is missing.
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
		return Binaries{}, fmt.Errorf("%s/postgres --version prints no version", dir)
	}
	major, err := strconv.Atoi(string(match[1]))
	return Binaries{dir, major}, err
}

// pick returns the server for the database in dir, which the given major version created; 0 if it
// does not exist yet.
func pick(found []Binaries, major int, dir string) (Binaries, error) {
	if major == 0 {
		return found[0], nil
	}
	var installed []string // a version may be installed twice
	for _, b := range found {
		if b.Major == major {
			return b, nil
		}
		installed = append(installed, strconv.Itoa(b.Major))
	}
	return Binaries{}, fmt.Errorf("the database in %s was created by PostgreSQL %d, but this machine has %s: "+
		"install PostgreSQL %d, or move that directory away to start with an empty database",
		dir, major, strings.Join(slices.Compact(installed), " and "), major)
}
