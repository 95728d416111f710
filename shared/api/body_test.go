package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/testkit/areatest"
)

// The hint of a bad body names the field and its rule, and never the value.
func TestBody(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const secret = "geheim"
	nested := func(depth int) string { // the outermost object and the array are two levels
		return `{"text":"a","tags":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	for name, test := range map[string]struct {
		body string
		want int
		hint string // part of it
	}{
		"all fields": {
			`{"text":"a","type":1,"read":true,"mark":"m","tags":["x"],"inner":{"deep":"d"}}`, 200, "",
		},
		"required fields only":     {`{"text":"a"}`, 200, ""},
		"null where it is allowed": {`{"text":"a","mark":null}`, 200, ""},
		"white space around":       {" \t\r\n{ \"text\" : \"a\" }\r\n ", 200, ""},
		"escapes":                  {`{"\u0074ext":"\ud83d\ude00\n"}`, 200, ""},
		"no body":                  {``, 400, "body"},
		"white space only":         {" \n ", 400, "body"},
		"a field left out":         {`{}`, 400, "text"},
		"too short":                {`{"text":""}`, 400, "text: 1 to 10 characters"},
		"too long":                 {`{"text":"geheimgeheim"}`, 400, "text: 1 to 10 characters"},
		"an unknown key":           {`{"text":"a","more":"geheim"}`, 400, "more: is unknown; leave it out"},
		"a long unknown key": {
			`{"text":"a","` + strings.Repeat("k", 1000) + `":1}`, 400,
			`"` + strings.Repeat("k", 40) + `…": is unknown; leave it out`,
		},
		"an unknown key inside": {
			`{"text":"a","inner":{"more":"geheim"}}`, 400, "inner.more: is unknown; leave it out",
		},
		"an unknown key and a bad value": {
			`{"text":"","more":"geheim"}`, 400, "more: is unknown; leave it out; text: 1 to 10 characters",
		},
		"a key in another case, and so missing": {
			`{"Text":"geheim"}`, 400, "Text: is unknown; leave it out; text: 1 to 10 characters (missing)",
		},
		"null, a bad value and an odd key": {
			`{"text":"","type":null,"a key":1}`, 400,
			`type: must not be null; leave it out instead; "a key": is unknown; leave it out; text: 1 to 10`,
		},
		"a key in another case":     {`{"Text":"geheim"}`, 400, "Text: is unknown; leave it out"},
		"a key in both cases":       {`{"text":"a","TEXT":"geheim"}`, 400, "TEXT: is unknown; leave it out"},
		"an empty key":              {`{"text":"a","":"geheim"}`, 400, `"": is unknown; leave it out`},
		"a key twice":               {`{"text":"geheim","text":"geheim"}`, 400, "text: is there twice"},
		"a key twice, once escaped": {`{"text":"geheim","te\u0078t":"geheim"}`, 400, "text: is there twice"},
		"a key twice inside": {
			`{"text":"a","inner":{"deep":"geheim","deep":"geheim"}}`, 400, "inner.deep: is there twice",
		},
		"null where it is not allowed": {`{"text":null}`, 400, "text: 1 to 10 characters, as a string"},
		"null for an optional number":  {`{"text":"a","type":null}`, 400, "type: must not be null"},
		"null for an optional bool":    {`{"text":"a","read":null}`, 400, "read: must not be null"},
		"null for an optional list":    {`{"text":"a","tags":null}`, 400, "tags: must not be null"},
		"null in a list":               {`{"text":"a","tags":[null]}`, 400, "tags[0]: expected string"},
		"null for an optional object":  {`{"text":"a","inner":null}`, 400, "inner: must not be null"},
		"a number for text":            {`{"text":12345}`, 400, "text: 1 to 10 characters, as a string"},
		"text for a number":            {`{"text":"a","type":"1"}`, 400, "type: a whole number from 1 to 5"},
		"text for a bool":              {`{"text":"a","read":"true"}`, 400, "read: true or false"},
		"a number for a bool":          {`{"text":"a","read":1}`, 400, "read: true or false"},
		"a fraction":                   {`{"text":"a","type":1.5}`, 400, "type: a whole number from 1 to 5"},
		"a whole number as 1.0":        {`{"text":"a","type":1.0}`, 400, "type"},
		"a whole number as 1e0":        {`{"text":"a","type":1e0}`, 400, "type"},
		"below the minimum":            {`{"text":"a","type":0}`, 400, "type: a whole number from 1 to 5"},
		"above the maximum":            {`{"text":"a","type":6}`, 400, "type: a whole number from 1 to 5"},
		"beyond 64 bits":               {`{"text":"a","type":99999999999999999999}`, 400, "type"},
		"beyond a float":               {`{"text":"a","type":1e999}`, 400, "type"},
		"an array":                     {`["geheim"]`, 400, "body: a JSON object"},
		"a string":                     {`"geheim"`, 400, "body: a JSON object"},
		"a number":                     {`7`, 400, "body: a JSON object"},
		"true":                         {`true`, 400, "body: a JSON object"},
		"null":                         {`null`, 400, "body: a JSON object"},
		"trailing data":                {`{"text":"a"}geheim`, 400, "body"},
		"two values":                   {`{"text":"a"}{"text":"geheim"}`, 400, "body"},
		"a trailing comma":             {`{"text":"geheim",}`, 400, "body"},
		"cut off":                      {`{"text":"geheim`, 400, "body"},
		"single quotes":                {`{'text':'geheim'}`, 400, "body"},
		"a comment":                    {`{"text":"a"/*geheim*/}`, 400, "body"},
		"NaN":                          {`{"text":"a","type":NaN}`, 400, "body"},
		"a leading zero":               {`{"text":"a","type":01}`, 400, "body"},
		"a byte order mark":            {"\ufeff" + `{"text":"a"}`, 400, "body"},
		"a raw control character":      {"{\"text\":\"geheim\x01\"}", 400, "body"},
		"bad UTF-8":                    {"{\"text\":\"geheim\xff\"}", 400, "body"},
		"UTF-8 of a surrogate":         {"{\"text\":\"\xed\xa0\x80\"}", 400, "body"},
		"overlong UTF-8":               {"{\"text\":\"\xc0\x80\"}", 400, "body"},
		"a lone high surrogate":        {`{"text":"\ud83d"}`, 400, "body"},
		"a lone low surrogate":         {`{"text":"\ude00"}`, 400, "body"},
		"surrogates swapped":           {`{"text":"\ude00\ud83d"}`, 400, "body"},
		"a lone surrogate in a key":    {`{"text":"a","\ud83d":1}`, 400, "body"},
		"U+0000":                       {`{"text":"\u0000"}`, 400, "text: holds the character U+0000"},
		"U+0000 in a key":              {`{"text":"a","\u0000":1}`, 400, "U+0000"},
		"U+0000 in a nested value": {
			`{"text":"a","inner":{"deep":"x\u0000"}}`, 400, "inner.deep: holds the character U+0000",
		},
		// refused by the schema, not for its depth
		"32 levels": {nested(32), 400, "tags[0]: expected string"},
		"33 levels": {nested(33), 400, "32 levels"},
		"10,000 levels": {
			strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), 400, "32 levels",
		},
	} {
		t.Run(name, func(t *testing.T) {
			step := areatest.Step{Do: "POST /note", Body: test.body}
			response := areatest.Do(t, s.URL, step)
			if response.Status != test.want {
				t.Fatalf("status %d, want %d: %s", response.Status, test.want, response.Body)
			}
			areatest.CheckResponse(t, response)
			if test.want == http.StatusOK {
				return
			}
			hint := response.Object(t)["hint"].(string)
			if !strings.Contains(hint, test.hint) || strings.Contains(hint, secret) || strings.Contains(hint, "12345") {
				t.Errorf("the hint is %q", hint)
			}
		})
	}
}

func TestCompressedBodyIsRefused(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for _, encoding := range []struct {
		header string
		want   int
	}{
		{"gzip", 415}, {"GZIP", 415}, {"deflate", 415}, {"br", 415}, {"zstd", 415}, {"x-gzip", 415}, {"unknown", 415},
		{"identity, gzip", 415}, {"gzip,identity", 415}, {"identity;q=1", 415},
		{"identity", 200}, {"Identity", 200}, {"identity, identity", 200}, {"", 200}, {" , ", 200},
	} {
		header := map[string]string{"Content-Encoding": encoding.header}
		for _, body := range []string{`{"text":"a"}`, "\x1f\x8b\x08\x00\x00"} {
			response := areatest.Do(t, b.URL, areatest.Step{Do: "POST /note", Body: body, Header: header})
			want := encoding.want
			if want == http.StatusOK && body[0] != '{' {
				want = http.StatusBadRequest
			}
			if response.Status != want {
				t.Errorf("%q, %q: %d %s, want %d", encoding.header, body, response.Status, response.Body, want)
			}
			areatest.CheckResponse(t, response)
		}
		none := areatest.Do(t, b.URL, areatest.Step{Do: "POST /perhaps", Header: header})
		if none.Status != http.StatusOK {
			t.Errorf("%q, no body: %d %s", encoding.header, none.Status, none.Body)
		}
	}
	two := raw(t, b.URL, "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n"+
		"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"+`{"text":"a"}`)
	if two.Status != http.StatusUnsupportedMediaType {
		t.Errorf("two encodings: %d %s", two.Status, two.Body)
	}
}

func TestOptionalBody(t *testing.T) {
	t.Parallel()
	s := serve(t)
	text := func(want string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, r areatest.Response) {
			if got := r.Object(t)["text"]; got != want {
				t.Errorf("text is %v, want %s", got, want)
			}
		}
	}
	s.Run(t, []areatest.Step{
		{Name: "none", Do: "POST /perhaps", Want: 200, Check: text("none")},
		{
			Name: "none, with another media type", Do: "POST /perhaps",
			Header: map[string]string{"Content-Type": "text/plain"}, Want: 200, Check: text("none"),
		},
		{Name: "one", Do: "POST /perhaps", Body: `{"text":"a"}`, Want: 200, Check: text("a")},
		{Name: "white space", Do: "POST /perhaps", Body: " ", Want: 400},
		{Name: "null", Do: "POST /perhaps", Body: "null", Want: 400},
		{Name: "a bad body", Do: "POST /perhaps", Body: `{"text":1}`, Want: 400},
		{
			Name: "with another media type", Do: "POST /perhaps", Body: `{"text":"a"}`,
			Header: map[string]string{"Content-Type": "text/plain"}, Want: 415,
		},
	})
}

// The response to a body with many violations is short, and always the same.
func TestManyViolations(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var body strings.Builder
	body.WriteString(`{"text":""`)
	for n := range 4000 {
		fmt.Fprintf(&body, `,"k.%d":1`, n)
	}
	body.WriteString(`,"` + strings.Repeat("k", 9000) + `":1}`)
	first := s.Do(t, nil, "POST /note", body.String())
	if first.Status != http.StatusBadRequest || len(first.Body) > 2000 {
		t.Fatalf("%d with %d bytes", first.Status, len(first.Body))
	}
	for range 5 {
		if again := s.Do(t, nil, "POST /note", body.String()); string(again.Body) != string(first.Body) {
			t.Fatalf("first %s\nthen %s", first.Body, again.Body)
		}
	}
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for sent, want := range map[string]int{
		"application/json":                       200,
		"Application/JSON":                       200,
		"application/json; charset=utf-8":        200,
		"application/json;charset=UTF-8":         200,
		"application/json ; charset=utf-8":       200,
		`application/json; profile="a+b"`:        200,
		"application/json;":                      200,
		"text/plain":                             415,
		"text/json":                              415,
		"application/x-www-form-urlencoded":      415,
		"multipart/form-data; boundary=x":        415,
		"application/problem+json":               415,
		"application/jsonp":                      415,
		"application/*":                          415,
		"*/*":                                    415,
		"application":                            415,
		"json":                                   415,
		"application/json, application/json":     415,
		"text/plain; application/json":           415,
		"application/json; charset=utf-8; bad==": 415,
		"":                                       415,
	} {
		for body, want := range map[string]int{`{"text":"a"}`: want, "": 400, "not JSON": max(want, 400)} {
			step := areatest.Step{Do: "POST /note", Body: body, Header: map[string]string{"Content-Type": sent}}
			response := areatest.Do(t, s.URL, step)
			if response.Status != want {
				t.Errorf("a body %q of type %q: status %d, want %d: %s", body, sent, response.Status, want,
					response.Body)
			}
			areatest.CheckResponse(t, response)
		}
	}
}

// A route without a body ignores one.
func TestBodyIsIgnored(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, do := range []string{"GET /thing/1", "GET /number"} {
		if response := s.Do(t, nil, do, "\x00 no JSON"); response.Status != http.StatusOK {
			t.Errorf("%s: %d %s", do, response.Status, response.Body)
		}
	}
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for length, want := range map[int]int{api.MaxBody - 1: 200, api.MaxBody: 200, api.MaxBody + 1: 413, 4 << 20: 413} {
		body := `{"text":"a"` + strings.Repeat(" ", length-len(`{"text":"a"}`)) + "}"
		response := s.Do(t, nil, "POST /note", body)
		if response.Status != want {
			t.Errorf("%d bytes: %d %s", length, response.Status, response.Body)
		}
		areatest.CheckResponse(t, response)
		chunked := "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		if response := raw(t, s.URL, chunked); response.Status != want {
			t.Errorf("%d bytes in chunks: %d %s", length, response.Status, response.Body)
		}
		// The access is checked before the body.
		if response := s.Do(t, nil, "PUT /note", body); response.Status != http.StatusUnauthorized {
			t.Errorf("%d bytes without a token: %d %s", length, response.Status, response.Body)
		}
	}
}
