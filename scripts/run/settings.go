package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"minifb/shared/ops/sam"
	"minifb/shared/rules"
)

// settings are what may be set from outside; README.md explains them.
type settings struct {
	port                   int
	dataDir                string // absolute
	databaseURL            string
	adminID, adminPassword string
	sockets                string // dataDir/run, or a folder with a shorter path
	env                    func(string) string
}

func readSettings(env func(string) string) (settings, error) {
	s := settings{databaseURL: env("DATABASE_URL"), adminID: env("ADMIN_ID"), adminPassword: env("ADMIN_PASSWORD"), env: env}
	var err error
	if s.port, err = strconv.Atoi(or(env("PORT"), "8080")); err != nil || s.port < 1 || s.port > 65535 {
		return s, fmt.Errorf("PORT is %q; name a number from 1 to 65535", env("PORT"))
	}
	if (s.adminID == "") != (s.adminPassword == "") {
		return s, errors.New("ADMIN_ID and ADMIN_PASSWORD go together; set both or neither")
	}
	if s.adminID != "" {
		if fault := errors.Join(rules.Check("ADMIN_ID", rules.ID(s.adminID)), rules.Check("ADMIN_PASSWORD", rules.Password(s.adminPassword))); fault != nil {
			return s, fault
		}
	}
	if hint := env("ERROR_HINT"); hint != "" && hint != "full" && hint != "generic" {
		return s, errors.New("ERROR_HINT: name full or generic")
	}
	if s.dataDir, err = filepath.Abs(or(env("DATA_DIR"), ".data")); err != nil {
		return s, fmt.Errorf("DATA_DIR: %w", err)
	}
	const longest = 100 - len("/notification.sock") // bytes; the system takes 107
	if s.sockets = filepath.Join(s.dataDir, "run"); len(s.sockets) > longest {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Geteuid(), s.dataDir))
		s.sockets = fmt.Sprintf("/tmp/minifb-run-%x", sum[:8])
	}
	return s, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (s settings) bin() string               { return filepath.Join(s.dataDir, "bin") }
func (s settings) logs() string              { return filepath.Join(s.dataDir, "log") }
func (s settings) keys() string              { return filepath.Join(s.dataDir, "keys") }
func (s settings) socket(area string) string { return filepath.Join(s.sockets, area+".sock") }
func (s settings) address() string           { return fmt.Sprintf("http://localhost:%d", s.port) }
func (s settings) privateKey() (path string) { return filepath.Join(s.keys(), "private.jwk") }
func (s settings) publicKeys() (path string) { return filepath.Join(s.keys(), "public.jwks") }

// parameter answers the template's parameters: those that the runtime itself makes, and from the environment any other, ErrorHint
// as ERROR_HINT.
func (s settings) parameter(databaseURL string) func(string) (string, bool) {
	own := map[string]string{
		"DatabaseUrl": databaseURL, "TokenPublicKeys": s.publicKeys(), "TokenPrivateKey": s.privateKey(),
		"MailDir": filepath.Join(s.dataDir, "mail"),
	}
	return func(name string) (string, bool) {
		if value, ok := own[name]; ok {
			return value, true
		}
		value := s.env(screaming(name))
		return value, value != ""
	}
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func screaming(name string) string { return strings.ToUpper(hump.ReplaceAllString(name, "${1}_${2}")) }

// prepare makes the data's folders and claims them for this run.
func prepare(s settings) (*os.File, error) {
	if err := os.MkdirAll(s.dataDir, 0o755); err != nil { //nolint:gosec // what is secret within is closed itself
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	for _, dir := range []string{s.bin(), s.logs(), s.keys(), s.sockets} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("DATA_DIR: %w", err)
		}
		// A folder outside DATA_DIR may be another's, who then would hold the sockets.
		info, err := os.Lstat(dir)
		if err != nil {
			return nil, fmt.Errorf("DATA_DIR: %w", err)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() && os.Geteuid() != 0 {
			return nil, fmt.Errorf("%s belongs to another user: run this as that user, or name another DATA_DIR", dir)
		}
	}
	lock, err := os.OpenFile(filepath.Join(s.dataDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("DATA_DIR: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("another run uses %s: stop it, or name another DATA_DIR", s.dataDir)
	}
	return lock, nil
}

// checkBuilt tells what was not built: a function without a folder, above all.
func checkBuilt(t *sam.Template, dir string) error {
	for _, f := range t.Functions {
		if _, err := os.Stat(filepath.Join(dir, f.Area)); err != nil {
			return fmt.Errorf("%s lists the function %s, but functions/%s has not been built into %s", templateFile, f.Name, f.Area, dir)
		}
	}
	return nil
}

// listen takes the port on this machine's own addresses, so that nobody else's machine reaches a developer's bundle: 127.0.0.1, and ::1
// where there is IPv6. Whoever connects before the functions are ready waits.
func listen(port int) ([]net.Listener, error) {
	var listeners []net.Listener
	for _, host := range []string{"127.0.0.1", "::1"} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case err == nil:
			listeners = append(listeners, listener)
			continue
		case host == "::1" && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)):
			continue
		case errors.Is(err, syscall.EADDRINUSE):
			err = fmt.Errorf("port %d is in use; stop what listens there, or choose another: make run PORT=%d", port, port%65535+1)
		case errors.Is(err, syscall.EACCES):
			err = fmt.Errorf("port %d takes root's rights; choose one above 1023: make run PORT=8080", port)
		default:
			err = fmt.Errorf("listen on port %d: %w", port, err)
		}
		for _, l := range listeners {
			_ = l.Close() // the run ends here anyway
		}
		return nil, err
	}
	return listeners, nil
}
