// Package pages tests the pages of the functions in Chromium, with the real functions behind them:
// that of the back office, the front page, and the one on which to try calls.
package pages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"minifb/shared/ops/bundle"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/testdb"
)

const (
	top = "../../../" // the repository's folder

	administrator = "root.1"
	plain         = "correct horse" // everybody's password
)

var temporary string // a folder, removed after the tests

func TestMain(m *testing.M) {
	var err error
	if temporary, err = os.MkdirTemp("", "mfd"); err != nil { // that of t.TempDir is too long for sockets
		panic(err)
	}
	code := m.Run()
	closeBrowser()
	_ = os.RemoveAll(temporary)
	os.Exit(code)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// packages installs the npm packages of the pages, writes the libraries of each area's page into the
// folder that it returns for it, and returns the text of axe-core, too.
var packages = sync.OnceValues(func() (p struct {
	libraries map[string]string // by area
	axe       string
}, err error,
) {
	p.libraries = map[string]string{}
	for _, area := range []string{"backoffice", "docs"} {
		folder := filepath.Join(temporary, "library-"+area)
		if err := os.Mkdir(folder, 0o700); err != nil {
			return p, err
		}
		if output, err := exec.Command(top+"scripts/library", area, folder).CombinedOutput(); err != nil {
			return p, fmt.Errorf("scripts/library: %w\n%s", err, output)
		}
		p.libraries[area] = folder
	}
	axe, err := os.ReadFile(top + ".build/packages/functions-backoffice-page/node_modules/axe-core/axe.min.js")
	p.axe = string(axe)
	return p, err
})

var binaries = sync.OnceValues(func() (folder string, err error) {
	return built.Programs(context.Background(), top, filepath.Join(temporary, "bin"), false,
		"./functions/account", "./functions/auth", "./functions/backoffice", "./functions/docs", "./functions/post")
})

// A site is a bundle of the functions that the pages need, with a database of its own.
type site struct {
	*bundle.Bundle
	t     *testing.T
	store *store.Store
	dir   string
}

// serve starts a site with an administrator, for the dashboard.
func serve(t *testing.T) *site {
	t.Helper()
	return serveAreas(t, "account", "auth", "backoffice")
}

func serveAreas(t *testing.T, areas ...string) *site {
	t.Helper()
	return serveWith(t, map[string]string{"Limits": "off"}, areas...)
}

// serveWith starts a site with these parameters of the template in place of the defaults.
func serveWith(t *testing.T, parameters map[string]string, areas ...string) *site {
	t.Helper()
	folder, err := binaries()
	must(t, err)
	dir, err := os.MkdirTemp(temporary, "")
	must(t, err)
	b := bundle.New(bundle.Options{
		Source: top, Dir: dir, Binaries: folder, Areas: areas,
		DatabaseURL: testdb.URL(t), AdminID: administrator, AdminPassword: plain,
		Parameter: func(name string) (value string, ok bool) {
			value, ok = parameters[name]
			return value, ok
		},
		Logf: t.Logf,
	})
	must(t, b.Start(t.Context()))
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := store.Open(b.DatabaseURL, "test", 2)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return &site{b, t, s, dir}
}

// socket returns the path of the socket of an area's function.
func (s *site) socket(area string) string { return filepath.Join(s.dir, "run", area+".sock") }

// user creates an account, past the rules of POST /signup.
func (s *site) user(id, name string) {
	s.t.Helper()
	hash, err := password.New(1000).Hash(s.t.Context(), password.Requester{}, plain)
	must(s.t, err)
	must(s.t, s.store.CreateUser(s.t.Context(), &store.User{ID: id, Name: name, PasswordHash: hash}))
}

// waiting creates an account that waits for a temporary password.
func (s *site) waiting(id, name string) {
	s.t.Helper()
	s.user(id, name)
	must(s.t, s.store.RequestTemporaryPassword(s.t.Context(), id))
}
