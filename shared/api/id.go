package api

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// An ID is a post's, comment's or notification's id in a path.
type ID string

// Int is the id, or 0, which nothing has, where the path's is no positive 64-bit integer: such a path is answered
// like any other absent thing, in its turn.
func (id ID) Int() int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != string(id) {
		return 0
	}
	return n
}

// Schema documents the id without letting huma refuse one too early.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "A positive 64-bit integer; any other is answered 404", Examples: []any{"14"}}
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
