package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

func request(t *testing.T, s *areatest.Server, id string) {
	t.Helper()
	if err := s.Store.RequestTemporaryPassword(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func TestListRequests(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	root, ann := s.Administrator("root.1"), s.User("ann.1")
	s.User("Bob.1")
	s.User("eve.1")
	s.Exec(`UPDATE users SET email = 'eve@example.org' WHERE id = 'eve.1'`)
	for _, id := range []string{"ann.1", "BOB.1", "eve.1", "unknown.1"} {
		request(t, s, id)
	}
	ids := func(want ...string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			t.Helper()
			var list struct {
				Items []struct {
					ID        int64
					User      map[string]any
					CreatedAt time.Time `json:"created_at"`
				}
			}
			if err := json.Unmarshal(r.Body, &list); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range list.Items {
				got = append(got, fmt.Sprint(item.User["id"], item.User["name"], item.User["nickname"]))
				if item.ID <= 0 || time.Since(item.CreatedAt).Abs() > time.Hour {
					t.Errorf("the item is %+v", item)
				}
			}
			if strings.Join(got, ", ") != strings.Join(want, ", ") {
				t.Errorf("the requests are %q, want %q", got, want)
			}
		}
	}
	const path = "GET /backoffice/temporary-password"
	s.Run(t, []areatest.Step{
		{Name: "those without an address", As: root, Do: path, Want: 200,
			Check: ids("Bob.1Bob.1<nil>", "ann.1ann.1<nil>")},
		{Name: "a page", As: root, Do: path + "?size=1", Want: 200, Check: ids("Bob.1Bob.1<nil>")},
		{Name: "not an administrator", As: ann, Do: path, Want: 403},
		{Name: "not an administrator, a bad size", As: ann, Do: path + "?size=0", Want: 403},
		{Name: "a bad size", As: root, Do: path + "?size=0", Want: 400},
		{Name: "a bad cursor", As: root, Do: path + "?cursor=x", Want: 400},
		{Name: "signed out", Do: path, Want: 401},
	})
}

func TestIssueTemporaryPassword(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	root, ann := s.Administrator("root.1"), s.User("ann.1")
	request(t, s, "ann.1")
	issued := func(t *testing.T, r areatest.Response) {
		t.Helper()
		var body struct {
			TemporaryPassword string    `json:"temporary_password"`
			ExpiresAt         time.Time `json:"expires_at"`
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		credential, err := s.Store.CredentialByID(t.Context(), "ann.1")
		if err != nil || !credential.IsTemporary(body.TemporaryPassword) {
			t.Errorf("%q is not the temporary password: %v", body.TemporaryPassword, err)
		}
		if left := time.Until(body.ExpiresAt); left < 29*time.Minute || left > 31*time.Minute {
			t.Errorf("it expires in %v", left)
		}
		if got := r.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control is %q, want no-store", got)
		}
	}
	const path = "POST /backoffice/user/ann.1/temporary-password"
	s.Run(t, []areatest.Step{
		{Name: "issued", As: root, Do: path, Want: 201, Check: issued},
		{Name: "issued again, the ID in another case", As: root, Want: 201, Check: issued,
			Do: "POST /backoffice/user/ANN.1/temporary-password"},
		{Name: "no such user", As: root, Do: "POST /backoffice/user/nobody.1/temporary-password", Want: 404},
		{Name: "not an ID", As: root, Do: "POST /backoffice/user/x/temporary-password", Want: 404},
		{Name: "not an administrator", As: ann, Do: path, Want: 403},
		{Name: "not an administrator, no such user", As: ann, Want: 403,
			Do: "POST /backoffice/user/nobody.1/temporary-password"},
		{Name: "signed out", Do: path, Want: 401},
	})
	if n := s.Int(`SELECT count(*) FROM temporary_password_requests`); n != 0 {
		t.Errorf("%d requests still wait, want none", n)
	}
}

// The account is deleted after it was found: the lock of its row is held until the deletion commits.
func TestIssueTemporaryPasswordToADeletedAccount(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	root := s.Administrator("root.1")
	s.User("ann.1")
	response := s.RaceWith(t, areatest.Step{As: root, Do: "POST /backoffice/user/ann.1/temporary-password", Want: 404},
		`UPDATE users SET deleted_at = now() WHERE id = 'ann.1'`)
	if response.Status != 404 {
		t.Errorf("got %d, want 404", response.Status)
	}
}

// The token of a demoted administrator is refused at the next request, although it has not expired.
func TestDemotedAdministratorIsRefused(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	root := s.Administrator("root.1")
	const path = "GET /backoffice/temporary-password"
	s.Run(t, []areatest.Step{{Name: "an administrator", As: root, Do: path, Want: 200}})
	s.Exec(`UPDATE users SET role = 'user' WHERE id = 'root.1'`) // the session is still valid
	s.Run(t, []areatest.Step{{Name: "demoted", As: root, Do: path, Want: 403}})
}
