package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"minifb/shared/password"
	"minifb/shared/testkit/areatest"
)

const rightPassword = `"password":"` + areatest.Password + `"`

func TestSignUp(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	least := func(id string) string { return `{"id":"` + id + `","name":"Ann",` + rightPassword + `}` }

	s.Run(t, []areatest.Step{
		{Name: "with all fields", Do: "POST /signup", Want: 201,
			Body: `{"id":"Ann.1","name":"Ann","nickname":"앤","intro":"two\nlines","email":"ann@example.org",` +
				rightPassword + `}`,
			Check: func(t *testing.T, r areatest.Response) {
				if got := r.Header.Get("Location"); got != "/user/Ann.1" {
					t.Errorf("Location is %q", got)
				}
				want := `^{"id":"Ann.1","name":"Ann","nickname":"앤","intro":"two\\nlines",` +
					`"created_at":"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z",` +
					`"email":"ann@example.org","role":"user"}$`
				if !regexp.MustCompile(want).Match(r.Body) {
					t.Errorf("the body is %s", r.Body)
				}
			}},
		{
			Name: "with the required fields", Do: "POST /signup", Body: least("bob.1"), Want: 201,
			Check: isMe("nickname", nil, "intro", nil, "email", nil),
		},
		{Name: "with nulls", Do: "POST /signup", Want: 201,
			Body:  `{"id":"eve.1","name":"Eve","nickname":null,"intro":null,"email":null,` + rightPassword + `}`,
			Check: isMe("nickname", nil)},
		{Name: "a taken ID", Do: "POST /signup", Body: least("Ann.1"), Want: 409, Hint: "id: is taken; choose another"},
		{Name: "a taken ID in another case", Do: "POST /signup", Body: least("aNN.1"), Want: 409},
		{
			Name: "a token is ignored", Do: "POST /signup", Body: least("zoe.1"),
			Header: map[string]string{"Authorization": "Bearer x"}, Want: 201,
		},
		{
			Name: "a role", Do: "POST /signup", Body: `{"role":"admin",` + least("adm.1")[1:],
			Want: 400,
		},
		{Name: "no password", Do: "POST /signup", Body: `{"id":"joe.1","name":"Joe"}`, Want: 400,
			Hint: "password: 10 to 100 characters (missing)"},
		{Name: "several violations", Do: "POST /signup",
			Body: `{"id":"j o e","name":"J","email":"joe",` + rightPassword + `}`, Want: 400,
			Hint: "email: a mail address such as ann@example.org, at most 254 characters, or null; " +
				"id: 4 to 50 of A-Z a-z 0-9 . _ ~ @ + -; name: 2 to 16 characters, no control characters"},
		{Name: "a control character", Do: "POST /signup",
			Body: `{"id":"joe.1","name":"J\u0085e",` + rightPassword + `}`, Want: 400,
			Hint: "name: 2 to 16 characters, no control characters"},
	})
	n := s.Int(`SELECT count(*) FROM users
		WHERE password_hash ~ '^pbkdf2:sha256:10\$[A-Za-z0-9]{14}\$[0-9a-f]{64}$'`)
	if n != 4 {
		t.Errorf("%d of 4 hashes have Werkzeug's format", n)
	}
}

func TestSignUpLengths(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	var accounts atomic.Int64
	for field, texts := range fieldTexts() {
		for _, text := range texts {
			t.Run(field+" "+text.Name, func(t *testing.T) {
				t.Parallel()
				body := map[string]string{"id": fmt.Sprintf("user%d", accounts.Add(1)), "name": "Ann",
					"password": areatest.Password}
				body[field] = text.Value
				encoded, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				response := s.Do(t, nil, "POST /signup", string(encoded))
				if (response.Status == 201) != text.OK || (response.Status == 400) == text.OK {
					t.Fatalf("status %d: %s", response.Status, response.Body)
				}
				me := response.Object(t)
				switch {
				case !text.OK && !strings.HasPrefix(me["hint"].(string), field+": "):
					t.Errorf("the hint does not name the field: %s", me["hint"])
				case !text.OK && len(text.Value) > 4 && strings.Contains(me["hint"].(string), text.Value):
					t.Errorf("the hint holds the value: %s", me["hint"])
				case text.OK && field != "password" && me[field] != text.Value:
					t.Errorf("sent %q, got %q", text.Value, me[field])
				}
			})
		}
	}
}

// fieldTexts returns texts of the shortest and the longest lengths of each field. Of an address,
// the part before the @ is such a text.
func fieldTexts() map[string][]areatest.Text {
	var emails []areatest.Text
	for _, text := range areatest.Lengths(1, 252) {
		emails = append(emails, areatest.Text{Name: text.Name, Value: text.Value + "@b", OK: text.OK})
	}
	return map[string][]areatest.Text{
		"id":       areatest.Lengths(4, 50)[:4], // the ASCII ones
		"password": areatest.Lengths(10, 100), "name": areatest.Lengths(2, 16),
		"nickname": areatest.Lengths(1, 30), "intro": areatest.Lengths(1, 85), "email": emails,
	}
}

func TestConcurrentSignUps(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	var wait sync.WaitGroup
	statuses := make(chan int, 20)
	for i := range cap(statuses) {
		wait.Go(func() {
			id := "ann.1"
			if i%2 == 0 {
				id = "ANN.1"
			}
			statuses <- s.Do(t, nil, "POST /signup", `{"id":"`+id+`","name":"Ann",`+rightPassword+`}`).Status
		})
	}
	wait.Wait()
	close(statuses)
	got := map[int]int{}
	for status := range statuses {
		got[status]++
	}
	if got[201] != 1 || got[409] != 19 || s.Int(`SELECT count(*) FROM users`) != 1 {
		t.Errorf("20 sign-ups with one ID got %v", got)
	}
}

func TestSignUpAfterAnother(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	response := s.RaceWith(t, areatest.Step{
		Do: "POST /signup", Body: `{"id":"ann.1","name":"Ann",` + rightPassword + `}`,
	},
		`INSERT INTO users (id, name, password_hash) VALUES ('ANN.1', 'Ann', 'no real hash')`)
	if response.Status != 409 {
		t.Errorf("status %d: %s", response.Status, response.Body)
	}
}

func TestSignUpBusy(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("eve.1")
	deps := s.Deps
	deps.Passwords = new(password.Hasher) // refuses every call
	s.URL = areatest.Serve(t, routes, deps)
	s.Run(t, []areatest.Step{
		{
			Name: "a taken ID costs no hash", Do: "POST /signup",
			Body: `{"id":"eve.1","name":"Eve",` + rightPassword + `}`, Want: 409,
		},
		{
			Name: "a free ID is refused", Do: "POST /signup",
			Body: `{"id":"ann.1","name":"Ann",` + rightPassword + `}`, Want: 503,
		},
	})
}
