package api

import (
	"bytes"
	stdjson "encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/store"
)

// FuzzJSON compares the checker with encoding/json. What the checker accepts must have the same
// value there, and break none of the contract's rules.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"text":"a","n":[1,2.5e3,-0,null,true]}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":1,"\u0061":2}`,
		`"\u0000"`, `"\ud83d"`,
		`"\ud83d\ude00"`, `[[[[[]]]]]`, ` 1 `, `1 2`, ``, ` `, `{`, `[1,]`, "\"\xff\"", "\"\x01\"", "\ufeff1",
		strings.Repeat("[", 40) + strings.Repeat("]", 40), `1e999`, `nul`,
	} {
		f.Add([]byte(seed))
	}
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	loose := &huma.Schema{}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(checkJSON(data, loose, registry)) > 0 {
			return
		}
		if !stdjson.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("%q is accepted and is not JSON", data)
		}
		decoder := stdjson.NewDecoder(bytes.NewReader(data))
		walk(t, decoder, 0)
		var ours, theirs any
		if err := unmarshal(data, &ours); err != nil {
			if strings.Contains(err.Error(), string(data)) && len(data) > 5 {
				t.Fatalf("the error %q holds the value %q", err, data)
			}
			return // a number beyond float64, which encoding/json refuses, too
		}
		if err := stdjson.Unmarshal(data, &theirs); err != nil || !reflect.DeepEqual(ours, theirs) {
			t.Fatalf("%q: got %v, and from encoding/json %v, %v", data, ours, theirs, err)
		}
	})
}

// walk reads one value. It fails the test if the value has a duplicate key, U+0000, or too many
// levels.
func walk(t *testing.T, d *stdjson.Decoder, depth int) {
	token, err := d.Token()
	if err != nil {
		return // a number beyond float64
	}
	if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
		t.Fatalf("U+0000 in %q", text)
	}
	opening, ok := token.(stdjson.Delim)
	if !ok {
		return
	}
	if depth++; depth > maxDepth {
		t.Fatalf("%d levels", depth)
	}
	names := map[string]bool{}
	for d.More() {
		if opening == '{' {
			token, err := d.Token()
			name, ok := token.(string)
			if err != nil || !ok || names[name] || strings.ContainsRune(name, 0) {
				t.Fatalf("the key %v, %v", token, err)
			}
			names[name] = true
		}
		walk(t, d, depth)
	}
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
}

// FuzzCursor sends any size and cursor. If they are accepted, the page is within the limits, and
// the cursor is one of the list's own.
func FuzzCursor(f *testing.F) {
	f.Add("20", "LLB1QWSkMjEx")
	f.Add("", "")
	f.Add("101", "////")
	f.Add("+5", "\r\n")
	operation := &huma.Operation{Metadata: map[string]any{metadataKey: Optional}}
	f.Fuzz(func(t *testing.T, size, cursor string) {
		query := url.Values{"size": {size}, "cursor": {cursor}}
		request := httptest.NewRequest(http.MethodGet, "/number?"+query.Encode(), nil)
		var p Page
		violations := p.Resolve(humago.NewContext(operation, request, httptest.NewRecorder()))
		if len(violations) > 0 {
			return
		}
		got := p.Store()
		if got.Size < 1 || got.Size > 100 || got.After == "" {
			t.Fatalf("size %q and cursor %q gave %+v", size, cursor, got)
		}
		// The list makes the same cursor of the key.
		next := *Listed(&p, store.List[int]{Next: got.After}, func(n int) int { return n }).Body.Next
		if want := "/number?" + query.Encode(); next != want {
			t.Fatalf("accepted %q, made %q", want, next)
		}
	})
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]store.Match{
		"": {}, "*": nil, " * ": nil,
		`"3"`: {3}, ` "3" `: {3}, `"3","4"`: {3, 4}, `"3" , "4"`: {3, 4}, `"x", "3"`: {3}, `,"3",`: {3}, `"-1"`: {-1},
		`3`: {}, `W/"3"`: {}, `w/"3"`: {}, `"03"`: {}, `"+3"`: {}, `"3`: {}, `3"`: {}, `""3""`: {}, `""`: {},
		`" 3"`: {}, `'3'`: {},
		`"3" "4"`: {}, `**`: {}, `"*"`: {}, `"99999999999999999999"`: {}, `rubbish`: {}, `,`: {}, "안녕": {},
	} {
		if got := (Condition{sent, true}).Match(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q matches %#v, want %#v", sent, got, want)
		}
	}
	if got := (Condition{}).Match(); got != nil {
		t.Errorf("without a header, the condition is %#v", got)
	}
}

// FuzzIfMatch checks that a revision matches only if the header has its tag.
func FuzzIfMatch(f *testing.F) {
	for _, seed := range []string{`"3"`, `W/"3"`, `"3","4"`, `*`, `"-0"`, `""""`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		for _, revision := range (Condition{sent, true}).Match() {
			if !strings.Contains(sent, ETag(revision)) || strings.Contains(sent, "W/"+ETag(revision)) &&
				strings.Count(sent, ETag(revision)) == 1 {
				t.Fatalf("%q matches %d", sent, revision)
			}
		}
	})
}
