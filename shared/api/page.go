package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// A Page is a list's query: how many items, and where to go on. Embed it in a list's input.
type Page struct {
	SizeText string `query:"size" doc:"How many items at most, 1–100; 20 where it is left out" example:"20"`
	Cursor   string `query:"cursor" doc:"Where to go on, as in the page before's 'next'; opaque"`

	page  store.Page
	path  string     // as sent
	other url.Values // the list's further parameters, such as unread
	mark  string     // names the list in its cursors
}

// markLength is how many bytes of a cursor tell which list gave it.
const markLength = 6

// Resolve is huma's call to read what it cannot check by a schema.
func (p *Page) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	query := u.Query()
	p.path, p.other = u.EscapedPath(), url.Values{}
	for _, parameter := range ctx.Operation().Parameters {
		if name := parameter.Name; parameter.In == "query" && name != "size" && name != "cursor" && query.Has(name) {
			p.other.Set(name, query.Get(name))
		}
	}
	// A user's ID is the same list in whatever case; a list that needs a token is another one for each viewer.
	name := strings.ToLower(u.Path) + "?" + p.other.Encode()
	if security := ctx.Operation().Security; len(security) > 0 && len(security[0]) > 0 {
		name = strconv.FormatInt(Viewer(ctx.Context()), 10) + " " + name
	}
	sum := sha256.Sum256([]byte(name))
	p.mark = string(sum[:markLength])

	var faults []error
	p.page.Size = 20
	if sent, ok := query["size"]; ok {
		size, err := strconv.Atoi(sent[0])
		if err != nil || len(sent) > 1 || size < 1 || size > 100 || strconv.Itoa(size) != sent[0] {
			faults = append(faults, &huma.ErrorDetail{Location: "query.size", Message: "must be a whole number from 1 to 100"})
		}
		p.page.Size = size
	}
	if sent, ok := query["cursor"]; ok {
		text, err := base64.RawURLEncoding.Strict().DecodeString(sent[0])
		switch {
		// The decoder skips line breaks.
		case err != nil, len(sent) > 1, strings.ContainsAny(sent[0], "\r\n"), len(text) <= markLength, string(text[:markLength]) != p.mark:
			faults = append(faults, &huma.ErrorDetail{Location: "query.cursor", Message: "is not one that this list gave; leave it out to start anew"})
		default:
			p.page.After = string(text[markLength:])
		}
	}
	return faults
}

// Store is the page as the store takes it.
func (p *Page) Store() store.Page { return p.page }

// A List is the body of every list.
type List[T any] struct {
	Items []T     `json:"items" nullable:"false" doc:"Newest first"`
	Next  *string `json:"next" required:"true" doc:"The path and query of the next page; null at the end" example:"/post?cursor=b3BhcXVl&size=20"`
}

// A ListOutput is what a list's view answers.
type ListOutput[T any] struct{ Body List[T] }

// Listed shows a page's items, each by show, and where the list goes on.
func Listed[M, T any](p *Page, list store.List[M], show func(M) T) *ListOutput[T] {
	out := &ListOutput[T]{List[T]{Items: make([]T, len(list.Items))}}
	for i, item := range list.Items {
		out.Body.Items[i] = show(item)
	}
	if list.Next != "" {
		query := p.other
		query.Set("size", strconv.Itoa(p.page.Size))
		query.Set("cursor", base64.RawURLEncoding.EncodeToString([]byte(p.mark+list.Next)))
		next := p.path + "?" + query.Encode()
		out.Body.Next = &next
	}
	return out
}
