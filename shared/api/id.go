package api

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// An ID is the id of a post, a comment or a notification in a path. It is text, so that huma does
// not refuse a path whose id is no number: the contract wants 404 for it, like for an unknown id.
type ID string

// Int returns the id, or 0 if the path's is no positive 64-bit integer. Nothing has the id 0.
func (id ID) Int() int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != string(id) {
		return 0
	}
	return n
}

// Schema returns the schema of the OpenAPI text.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Examples: []any{"14"},
		Description: "A positive 64-bit integer; for any other the response is 404",
	}
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
