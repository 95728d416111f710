package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

// body is a request's, with this content.
func body(content string) string {
	encoded, err := json.Marshal(map[string]string{"content": content})
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("Ann.1")
	start := time.Now().Add(-time.Second)

	b.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /post", Body: body("hello"), Want: 401},
		{Name: "no content", As: ann, Do: "POST /post", Body: `{}`, Want: 400},
		{Name: "null", As: ann, Do: "POST /post", Body: `{"content":null}`, Want: 400, Hint: "content: expected string"},
		{Name: "a number", As: ann, Do: "POST /post", Body: `{"content":1}`, Want: 400, Hint: "content: expected string"},
		{Name: "somebody else's field", As: ann, Do: "POST /post", Body: `{"content":"a","id":1}`, Want: 400, Hint: "id: unexpected property"},
		{Name: "U+0000", As: ann, Do: "POST /post", Body: `{"content":"a\u0000b"}`, Want: 400},
		{Name: "not JSON by its own word", As: ann, Do: "POST /post", Body: body("a"), Header: map[string]string{"Content-Type": "text/plain"}, Want: 415},
		{Name: "too long a body", As: ann, Do: "POST /post", Body: body(strings.Repeat("a", 64<<10)), Want: 413},
		{Name: "all is well", As: ann, Do: "POST /post", Body: body("안녕 \U0001f44b"), Want: 201, Check: func(t *testing.T, a areatest.Response) {
			post := a.Object(t)
			created, err := time.Parse("2006-01-02T15:04:05.000000Z", post["created_at"].(string))
			if err != nil || created.Before(start) || created.After(time.Now().Add(time.Second)) {
				t.Errorf("created_at is %v", post["created_at"])
			}
			delete(post, "created_at")
			want := `{"id":1,"owner":{"id":"Ann.1","name":"Ann.1","nickname":null},"content":"안녕 👋","modified":false,"comment_count":0,` +
				`"reactions":{"1":0,"2":0,"3":0,"4":0,"5":0},"my_reaction":null}`
			same(t, post, want)
			if got := a.Header.Get("Location"); got != "/post/1" {
				t.Errorf("Location: %q", got)
			}
			read := b.Do(t, nil, "GET "+a.Header.Get("Location"), "")
			if string(read.Body) != string(a.Body) || read.Header.Get("ETag") != `"1"` {
				t.Errorf("written %s\nand read %s", a.Body, read.Body)
			}
		}},
	})
	if n := b.Int("SELECT count(*) FROM posts"); n != 1 {
		t.Errorf("%d posts were stored", n)
	}
}

// same holds an object against JSON, whatever the order of its keys.
func same(t *testing.T, got map[string]any, want string) {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(want), &object); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got) // maps are written in order
	z, _ := json.Marshal(object)
	if string(a) != string(z) {
		t.Errorf("got %s\nwant %s", a, z)
	}
}

// TestContent writes and edits contents at the edges of their length: code points count, and nothing is mended.
func TestContent(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	edited := b.Post(ann, "before")
	texts := areatest.Lengths(1, 3000)
	for name, text := range map[string]string{
		"spaces alone": "   ", "spaces around": " \t a \r\n", "control characters": "\x01\x1f\x7f\u0085", "a line separator": "\u2028",
		"a byte order mark": "\ufeff", "noncharacters": "\uffff\U0010ffff", "markup": `<b>&amp;"'\`, "SQL": `'; DROP TABLE posts; -- ? $1 ?0`,
		"direction marks": "\u202eabc", "a lone combining mark": "\u0301", "both forms of one syllable": "한\u1112\u1161\u11ab",
	} {
		texts = append(texts, areatest.Text{Name: name, Value: text, OK: true})
	}
	for _, text := range texts {
		t.Run(text.Name, func(t *testing.T) {
			for do, want := range map[string]int{"POST /post": 201, "PATCH " + edited: 200} {
				answer := b.Do(t, ann, do, body(text.Value))
				if !text.OK {
					if answer.Status != http.StatusBadRequest {
						t.Errorf("%s: %d", do, answer.Status)
					}
					areatest.CheckResponse(t, answer)
					continue
				}
				if answer.Status != want {
					t.Fatalf("%s: %d %s", do, answer.Status, answer.Body)
				}
				post := answer.Object(t)
				var stored string
				if err := b.DB.QueryRow("SELECT content FROM posts WHERE id = $1", int64(post["id"].(float64))).Scan(&stored); err != nil {
					t.Fatal(err)
				}
				if post["content"] != text.Value || stored != text.Value {
					t.Errorf("%s: sent %.60q, stored %.60q, answered %.60q", do, text.Value, stored, post["content"])
				}
			}
		})
	}
}

// An account that goes while its token is still good can write no more.
func TestCreateAfterDeletion(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	if answer := b.Do(t, ann, "GET /post", ""); answer.Status != http.StatusOK { // the list of ended sessions is fresh now
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	b.Exec("UPDATE users SET deleted_at = now() WHERE uid = $1", ann.UID)
	answer := b.Do(t, ann, "POST /post", body("hello"))
	if answer.Status != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}
