package parity

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"minifb/migrations"
	"minifb/shared/ops/keys"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// A fixture is what one transport has to itself: a database with the same rows as every other
// fixture's, and a proxy before it.
type fixture struct {
	proxy        *pgproxy.Proxy
	url          string            // of the database, not through the proxy
	db           *sql.DB           // of the same
	placeholders *strings.Replacer // of {token:ann.1} and the like, by the values of this fixture
	dir          string            // with a path that is short enough for sockets
}

// createProbeRole gives the function of these tests, which is not in template.yaml, the rights of post.
var createProbeRole = sync.OnceValue(func() error {
	create := strings.ReplaceAll(migrations.Roles, "'account'", "'probe'")
	return testdb.Execute(os.Getenv(testdb.Variable), create+"; GRANT minifb_post TO minifb_probe")
})

// newFixture creates the users in this order, each with a session and a post, so that the ids are
// the same in every fixture.
func newFixture(t *testing.T, keysDir string, users []string) *fixture {
	t.Helper()
	url := testdb.URL(t)
	must(t, createProbeRole())
	proxy, err := pgproxy.New(url, nil)
	must(t, err)
	t.Cleanup(proxy.Close)
	f := &fixture{proxy: proxy, url: url, dir: tempDir(t)}

	s, err := store.Open(url, "parity", 2)
	must(t, err)
	defer s.Close()
	signer, err := keys.Signer(keysDir, "minifb", "minifb")
	must(t, err)
	ctx := context.Background()
	hash, err := password.New(10).Hash(ctx, password.Requester{}, areatest.Password)
	must(t, err)
	var placeholders []string
	for _, id := range users {
		user := store.User{ID: id, PasswordHash: hash, Name: id}
		must(t, s.CreateUser(ctx, &user))
		credential, err := s.CredentialByID(ctx, id)
		must(t, err)
		session, refresh, err := s.OpenSession(ctx, credential, "parity")
		must(t, err)
		access, err := signer.Sign(token.Claims{UserUID: user.UID, SessionID: session.ID})
		must(t, err)
		placeholders = append(placeholders, "{token:"+id+"}", access, "{refresh:"+id+"}", refresh)
	}
	f.placeholders = strings.NewReplacer(placeholders...)
	f.db = testdb.Open(t, url)
	_, err = f.db.Exec(`UPDATE users SET role = 'admin' WHERE id = $1`, administrator)
	must(t, err)
	for uid := range users {
		content := fmt.Sprintf("글 %d", uid+1)
		_, err := f.db.Exec(`INSERT INTO posts (owner_uid, content) VALUES ($1, $2)`, uid+1, content)
		must(t, err)
	}
	return f
}

// pool puts a PgBouncer in front of the database. It has fewer connections than each function, so that their
// transactions take turns on them.
func (f *fixture) pool(t *testing.T) {
	t.Helper()
	pooler := pgbouncer.Start(t, f.url, "default_pool_size = 2")
	var err error
	f.proxy, err = pgproxy.New(pooler.URL, nil)
	must(t, err)
	t.Cleanup(f.proxy.Close)
}

// postCount returns the number of posts in the database.
func (f *fixture) postCount(t *testing.T) (n int) {
	t.Helper()
	must(t, f.db.QueryRow(`SELECT count(*) FROM posts`).Scan(&n))
	return n
}

// tempDir returns a directory with a short path: t.TempDir's is too long for sockets.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
