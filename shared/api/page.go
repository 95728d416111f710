package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"minifb/shared/store"
)

const (
	defaultSize = store.DefaultSize
	maxSize     = 100
	// markLength is how many bytes of a cursor say that it belongs to this list and is unchanged. They
	// are a hash without a key, which anybody can compute: a cursor is no secret and gives no access.
	markLength = 6
)

// A Page is the query of a list: how many items it returns, and after which one. Embed it in the
// view's input.
type Page struct {
	page  store.Page
	path  string     // as sent
	other url.Values // the list's other parameters, such as unread
	list  string     // names the list, so that it refuses the cursors of others
}

// parameters describes the query for the OpenAPI text. Resolve reads it: huma would take the first
// of several cursors, and an empty one for none.
func (*Page) parameters() []*huma.Param {
	return []*huma.Param{
		{
			Name: "size", In: "query", Description: "How many items to return at most", Example: defaultSize,
			Schema: &huma.Schema{
				Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(maxSize)), Default: defaultSize,
			},
		},
		{
			Name: "cursor", In: "query", Description: "Where to continue, from 'next' of the page before; opaque",
			Schema: &huma.Schema{Type: huma.TypeString},
		},
	}
}

// Resolve reads the query and returns its violations.
func (p *Page) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	query := u.Query()
	p.path, p.other = u.EscapedPath(), url.Values{}
	for _, parameter := range ctx.Operation().Parameters {
		name := parameter.Name
		if parameter.In == "query" && name != "size" && name != "cursor" && query.Has(name) {
			p.other.Set(name, query.Get(name))
		}
	}
	// A user's ID names the same list in any case. A list that needs a token is another one
	// for each viewer.
	name := strings.ToLower(u.Path) + "?" + p.other.Encode()
	if AccessOf(ctx.Operation()).NeedsToken() {
		name = strconv.FormatInt(Viewer(ctx.Context()), 10) + " " + name
	}
	p.list = name

	var violations []error
	p.page.Size = defaultSize
	if sent, ok := query["size"]; ok {
		size, err := strconv.Atoi(sent[0])
		if err != nil || len(sent) > 1 || size < 1 || size > maxSize || strconv.Itoa(size) != sent[0] {
			violations = append(violations, &huma.ErrorDetail{
				Location: "query.size", Message: "must be a whole number from 1 to 100",
			})
		}
		p.page.Size = size
	}
	if sent, ok := query["cursor"]; ok {
		if p.page.After, ok = p.decode(sent[0]); !ok || len(sent) > 1 {
			violations = append(violations, &huma.ErrorDetail{
				Location: "query.cursor", Message: "is not one that this list gave; leave it out to start again",
			})
		}
	}
	return violations
}

// Cursor returns the cursor of a key in the list of this name, the path and the query, such as "/post?".
func Cursor(list, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(mark(list, key) + key))
}

// mark returns what the cursor of a key begins with. It depends on the list and the key, so that a
// cursor is refused by another list, and if a character of it was changed.
func mark(list, key string) string {
	sum := sha256.Sum256([]byte(list + "\x00" + key))
	return string(sum[:markLength])
}

// decode returns the key in a cursor, and whether the cursor belongs to this list.
func (p *Page) decode(cursor string) (key string, ok bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") { // the decoder ignores line breaks
		return "", false
	}
	if len(text) <= markLength {
		return "", false
	}
	key = string(text[markLength:])
	return key, string(text[:markLength]) == mark(p.list, key)
}

// Store returns the page as package store takes it.
func (p *Page) Store() store.Page { return p.page }

// A List is the body of every list.
type List[T any] struct {
	Items []T     `json:"items" nullable:"false" doc:"The page's items, newest first"`
	Next  *string `json:"next" required:"true" doc:"The next page; null at the end" example:"/post?cursor=x"`

	// If convert is not nil, Items is nil, and convert sets item to the i-th of size items. So a page needs no memory
	// for all of them at once. Only appendJSON knows it: package json would write an empty list.
	convert func(i int, item *T)
	size    int
}

// appendJSON appends the list's JSON to b if its items append theirs, and the link is UTF-8.
func (l List[T]) appendJSON(b []byte) (_ []byte, ok bool) {
	if !appends[T]() {
		return nil, false
	}
	var item *T
	if l.convert != nil {
		item = new(T)
	} else {
		l.size = len(l.Items)
	}
	const usual = 512 // of an item
	if cap(b) == 0 {
		b = make([]byte, 0, usual*(l.size+1))
	}
	b = append(b, `{"items":[`...)
	for i := range l.size {
		if i > 0 {
			b = append(b, ',')
		}
		if l.convert != nil {
			l.convert(i, item)
		} else {
			item = &l.Items[i]
		}
		b = any(item).(appender).AppendJSON(b) //nolint:forcetypeassert // see appends
	}
	if b = append(b, `],"next":`...); l.Next == nil {
		return append(b, "null}"...), true
	}
	b, err := jsontext.AppendQuote(b, *l.Next)
	return append(b, '}'), err == nil
}

// appends reports whether a *T appends its own JSON.
func appends[T any]() bool {
	_, ok := any((*T)(nil)).(appender)
	return ok
}

// A ListOutput is the output of a view that returns a list.
type ListOutput[T any] struct{ Body List[T] }

// Listed returns the output for one page of models. newT makes the response type of a model.
func Listed[M, T any](p *Page, list store.List[M], newT func(M) T) *ListOutput[T] {
	out := new(ListOutput[T])
	if appends[T]() {
		out.Body.size = len(list.Items)
		out.Body.convert = func(i int, item *T) { *item = newT(list.Items[i]) }
	} else {
		out.Body.Items = make([]T, len(list.Items))
		for i, item := range list.Items {
			out.Body.Items[i] = newT(item)
		}
	}
	if list.Next != "" {
		query := p.other
		query.Set("size", strconv.Itoa(p.page.Size))
		query.Set("cursor", Cursor(p.list, list.Next))
		next := p.path + "?" + query.Encode()
		out.Body.Next = &next
	}
	return out
}
