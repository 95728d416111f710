package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

// body returns a body with this content.
func body(content string) string {
	encoded, err := json.Marshal(map[string]string{"content": content})
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("Ann.1")
	start := time.Now().Add(-time.Second)

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /post", Body: body("hello"), Want: 401},
		{Name: "no content", As: ann, Do: "POST /post", Body: `{}`, Want: 400},
		{
			Name: "null", As: ann, Do: "POST /post", Body: `{"content":null}`, Want: 400,
			Hint: "content: 1 to 3000 characters, as a string",
		},
		{
			Name: "a number", As: ann, Do: "POST /post", Body: `{"content":1}`, Want: 400,
			Hint: "content: 1 to 3000 characters, as a string",
		},
		{
			Name: "an unknown key", As: ann, Do: "POST /post", Body: `{"content":"a","id":1}`, Want: 400,
			Hint: "id: is unknown; leave it out",
		},
		{Name: "U+0000", As: ann, Do: "POST /post", Body: `{"content":"a\u0000b"}`, Want: 400},
		{
			Name: "not called JSON", As: ann, Do: "POST /post", Body: body("a"),
			Header: map[string]string{"Content-Type": "text/plain"}, Want: 415,
		},
		{
			Name: "a body that is too long", As: ann, Do: "POST /post", Body: body(strings.Repeat("a", 64<<10)),
			Want: 413,
		},
		{Name: "a valid request", As: ann, Do: "POST /post", Body: body("안녕 \U0001f44b"), Want: 201,
			Check: func(t *testing.T, r areatest.Response) {
				post := r.Object(t)
				created, err := time.Parse("2006-01-02T15:04:05.000000Z", post["created_at"].(string))
				if err != nil || created.Before(start) || created.After(time.Now().Add(time.Second)) {
					t.Errorf("created_at is %v", post["created_at"])
				}
				delete(post, "created_at")
				want := `{"id":1,"owner":{"id":"Ann.1","name":"Ann.1","nickname":null},` +
					`"content":"안녕 👋","modified":false,"comment_count":0,` +
					`"reactions":{"1":0,"2":0,"3":0,"4":0,"5":0},"my_reaction":null}`
				same(t, post, want)
				if got := r.Header.Get("Location"); got != "/post/1" {
					t.Errorf("Location: %q", got)
				}
				read := s.Do(t, nil, "GET "+r.Header.Get("Location"), "")
				if string(read.Body) != string(r.Body) || read.Header.Get("ETag") != `"1"` {
					t.Errorf("created %s\nand got %s", r.Body, read.Body)
				}
			}},
	})
	if n := s.Int("SELECT count(*) FROM posts"); n != 1 {
		t.Errorf("%d posts were stored", n)
	}
}

// same compares an object with JSON. The order of the keys does not matter.
func same(t *testing.T, got map[string]any, want string) {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(want), &object); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got) // sorts the keys
	z, _ := json.Marshal(object)
	if string(a) != string(z) {
		t.Errorf("got %s\nwant %s", a, z)
	}
}

// Contents of the shortest and the longest lengths, and unusual ones, are stored as sent.
func TestContent(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	edited := s.Post(ann, "before")
	texts := areatest.Lengths(1, 3000)
	for name, text := range map[string]string{
		"spaces alone": "   ", "spaces around": " \t a \r\n", "control characters": "\x01\x1f\x7f\u0085",
		"a line separator":  "\u2028",
		"a byte order mark": "\ufeff", "noncharacters": "\uffff\U0010ffff", "markup": `<b>&amp;"'\`,
		"SQL":             `'; DROP TABLE posts; -- ? $1 ?0`,
		"direction marks": "\u202eabc", "a lone combining mark": "\u0301",
		"both forms of one syllable": "한\u1112\u1161\u11ab",
	} {
		texts = append(texts, areatest.Text{Name: name, Value: text, OK: true})
	}
	for _, text := range texts {
		t.Run(text.Name, func(t *testing.T) {
			for do, want := range map[string]int{"POST /post": 201, "PATCH " + edited: 200} {
				response := s.Do(t, ann, do, body(text.Value))
				if !text.OK {
					if response.Status != http.StatusBadRequest {
						t.Errorf("%s: %d", do, response.Status)
					}
					areatest.CheckResponse(t, response)
					continue
				}
				if response.Status != want {
					t.Fatalf("%s: %d %s", do, response.Status, response.Body)
				}
				post := response.Object(t)
				var stored string
				if err := s.DB.QueryRow("SELECT content FROM posts WHERE id = $1",
					int64(post["id"].(float64))).Scan(&stored); err != nil {
					t.Fatal(err)
				}
				if post["content"] != text.Value || stored != text.Value {
					t.Errorf("%s: sent %.60q, stored %.60q, got %.60q", do, text.Value, stored, post["content"])
				}
			}
		})
	}
}

// A deleted account cannot create a post, although its token is still valid.
func TestCreateAfterDeletion(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	// The list of revoked sessions has just been read.
	if response := s.Do(t, ann, "GET /post", ""); response.Status != http.StatusOK {
		t.Fatalf("%d %s", response.Status, response.Body)
	}
	s.Exec("UPDATE users SET deleted_at = now() WHERE uid = $1", ann.UID)
	response := s.Do(t, ann, "POST /post", body("hello"))
	if response.Status != http.StatusUnauthorized ||
		response.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("%d %s", response.Status, response.Body)
	}
}
