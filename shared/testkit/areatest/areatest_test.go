package areatest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"minifb/migrations"
	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

type getInput struct {
	ID   string `path:"id"`
	Size int    `query:"size" doc:"items"`
}

type putInput struct {
	ID   string `path:"id"`
	Body struct {
		Named struct {
			Deep string `json:"deep" required:"false"`
		} `json:"named" doc:"named" required:"false"`
		List []entry `json:"list" required:"false"`
	}
}

type entry struct {
	Value    string           `json:"value" doc:"value" required:"false"`
	Children map[string]entry `json:"children" required:"false"`
}

type output struct {
	Location string `header:"Location"`
	Body     []entry
}

func get(_ context.Context, in *getInput) (*output, error) {
	if in.ID == "missing" {
		return nil, apperror.New(apperror.NotFound, "There is no such thing.")
	}
	return &output{Body: []entry{}}, nil
}

func put(context.Context, *putInput) (*output, error) { return &output{Body: []entry{}}, nil }

func routes(a *api.API, _ function.Deps) {
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/thing/{id}", Access: api.Public}, get)
	api.Register(a, api.Route{Method: http.MethodPut, Path: "/thing/{id}", Access: api.Public}, put)
}

func TestUndescribed(t *testing.T) {
	t.Parallel()
	got := undescribed(openAPI(t, routes))
	for _, want := range []string{
		"GET /thing/{id}: path parameter id",
		"PUT /thing/{id}: path parameter id",
		"PUT /thing/{id}: request $.list",
		"PUT /thing/{id}: request $.list[].children",
		"PUT /thing/{id}: request $.named.deep",
		"PUT /thing/{id}: response 200 header Location",
		"PUT /thing/{id}: response 200 $[].children",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not reported", want)
		}
	}
	for _, name := range got {
		if strings.HasSuffix(name, "size") || strings.HasSuffix(name, "value") || strings.HasSuffix(name, "$.named") {
			t.Errorf("%q is reported, and has a description", name)
		}
	}
}

func TestRunFailsForARouteWithoutATest(t *testing.T) {
	t.Parallel()
	var log callLog
	s := newServer(t)
	handler := newHandler(routes, s.Deps, nil)
	url := listen(t, log.recorder(handler, handler.API().OpenAPI()))
	flags := map[string]string{"test.count": "1", "test.short": "false"}
	check := func(when string, tests, wantCode int, want ...string) {
		t.Helper()
		var output strings.Builder
		value := func(name string) string { return flags[name] }
		code := run(func() int { return tests }, routes, &log, value, &output)
		var named []string
		for line := range strings.Lines(output.String()) {
			route, what, _ := strings.Cut(line, " has no test ")
			if name, ok := strings.CutPrefix(what, "with "); ok {
				name, _, _ = strings.Cut(name, ":")
				route += " " + name
			}
			named = append(named, route)
		}
		if code != wantCode || !slices.Equal(named, want) {
			t.Errorf("%s: code %d and %q, want %d and %q", when, code, named, wantCode, want)
		}
	}
	check("nothing was called", 0, 1, "GET /thing/{id}", "PUT /thing/{id}")
	check("tests failed", 2, 2)
	Do(t, url, Step{Do: "HEAD /thing/1"})
	Do(t, url, Step{Do: "GET /thing/missing"})
	Do(t, serveUncounted(t, routes, s.Deps), Step{Do: "GET /thing/1"})
	check("only HEAD, a 404 and an uncounted request", 0, 1, "GET /thing/{id}", "PUT /thing/{id}")
	Do(t, url, Step{Do: "GET /thing/1"})
	check("GET succeeded", 0, 1, "PUT /thing/{id}")
	for name, value := range map[string]string{
		"test.run": "X", "test.skip": "X", "test.list": ".", "test.bench": ".", "test.fuzz": ".",
		"test.short": "true", "test.count": "0",
	} {
		before := flags[name]
		flags[name] = value
		check("with -"+name, 0, 0)
		flags[name] = before
	}
	Do(t, url, Step{Do: "PUT /thing/1", Body: "{}"})
	Do(t, url, Step{Do: "PUT /thing/1", Body: `{"list":"refused"}`})
	check("both succeeded", 0, 1, "PUT /thing/{id} list", "PUT /thing/{id} named")
	Do(t, url, Step{Do: "PUT /thing/1", Body: `{"named":{}}`})
	check("a property was sent", 0, 1, "PUT /thing/{id} list")
	Do(t, url, Step{Do: "PUT /thing/1", Body: `{"list":[]}`})
	check("every property was sent", 0, 0)
}

func TestFlagsOfATestBinary(t *testing.T) {
	t.Parallel()
	complete(flagValue) // panics if testing has no such flag
}

func TestCheckInvariantsPasses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	post := s.Post(ann, "post")
	s.React(eve, post, 1)
	s.React(ann, s.Comment(eve, post, "comment"), 5)
	CheckInvariants(t, s.DB)
}

func TestSuperfluousRights(t *testing.T) {
	t.Parallel()
	url := testdb.Empty(t, "")
	if _, err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	db := testdb.Open(t, url)
	if _, err := db.Exec(`
		REVOKE ALL ON ALL TABLES IN SCHEMA public FROM minifb_timeline;
		REVOKE ALL ON FUNCTION rehearse FROM minifb_timeline;
		GRANT SELECT (uid, email, deleted_at), UPDATE (row_lock), DELETE ON users TO minifb_timeline;
		GRANT SELECT ON posts TO minifb_timeline;
		GRANT EXECUTE ON FUNCTION has_email, prune_refresh_tokens TO minifb_timeline;
		GRANT USAGE ON SEQUENCE posts_id_seq TO minifb_timeline`); err != nil {
		t.Fatal(err)
	}
	rights, err := superfluous(t.Context(), url, "minifb_timeline", map[string][]any{
		`SELECT has_email(uid) FROM users WHERE uid = $1 FOR SHARE`: {int64(1)},
		`DELETE FROM users WHERE deleted_at < now() - $1::interval`: {"1 hour"},
	})
	want := []string{
		"REVOKE EXECUTE ON ROUTINE prune_refresh_tokens(integer) FROM minifb_timeline",
		"REVOKE SELECT (email) ON users FROM minifb_timeline",
		"REVOKE SELECT ON TABLE posts FROM minifb_timeline",
		"REVOKE USAGE ON SEQUENCE posts_id_seq FROM minifb_timeline",
	}
	if err != nil || !slices.Equal(rights, want) {
		t.Errorf("got %q, %v, want %q", rights, err, want)
	}
}

func TestRightsOfThePreviousRelease(t *testing.T) {
	t.Parallel()
	const grants = "GRANT SELECT (a) ON t TO r;\n\n-- For the previous release, until May.\nGRANT …"
	if got := needed(grants); got != "GRANT SELECT (a) ON t TO r;\n" {
		t.Errorf("got %q", got)
	}
	if got := needed(migrations.Grants); !strings.HasPrefix(migrations.Grants, got) || len(got) < 1000 {
		t.Errorf("of migrations/grants.sql got %q", got)
	}
}

func TestStatementsThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	url := testdb.Empty(t, "")
	if _, err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	_, err := superfluous(t.Context(), url, "minifb_timeline", map[string][]any{`SELECT nonsense`: nil})
	if err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("got %v, want an error", err)
	}
}
