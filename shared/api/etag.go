package api

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// ETag returns the strong validator (RFC 9110, 8.8.3) of a content's revision.
func ETag(revision int) string { return `"` + strconv.Itoa(revision) + `"` }

// A Condition is the If-Match header of an edit or a deletion. Embed it in the view's input.
type Condition struct {
	IfMatch string `header:"If-Match" doc:"ETags of the revisions to change, or *; else 412" example:"\"3\""`

	sent bool
}

// Resolve notes whether the header was sent: huma cannot tell an empty one, which lists no ETag,
// from none.
func (c *Condition) Resolve(ctx huma.Context) []error {
	ctx.EachHeader(func(name, _ string) { c.sent = c.sent || name == "If-Match" })
	return nil
}

// Match returns the condition. An ETag that is not ours matches nothing, nor does a weak one (RFC
// 9110, 13.1.1).
func (c Condition) Match() store.Match {
	if !c.sent || strings.TrimSpace(c.IfMatch) == "*" {
		return nil
	}
	match := store.Match{}
	for tag := range strings.SplitSeq(c.IfMatch, ",") {
		tag = strings.TrimSpace(tag)
		if revision, err := strconv.Atoi(strings.Trim(tag, `"`)); err == nil && ETag(revision) == tag {
			match = append(match, revision)
		}
	}
	return match
}
