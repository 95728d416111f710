package api

import (
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// ETag names a content's revision, as RFC 9110 writes a strong validator.
func ETag(revision int) string { return `"` + strconv.Itoa(revision) + `"` }

// A Condition is the header that guards an edit or a deletion. Embed it in the input.
type Condition struct {
	IfMatch string `header:"If-Match" doc:"ETags of the revisions that the change may meet, or *; else 412" example:"\"3\""`

	sent bool
}

// Resolve is huma's call to read what it cannot tell: a header that was sent empty, which lists no ETag, from none.
func (c *Condition) Resolve(ctx huma.Context) []error {
	ctx.EachHeader(func(name, _ string) { c.sent = c.sent || name == "If-Match" })
	return nil
}

// Match reads the condition. What is no ETag of ours, a weak one too, matches nothing (RFC 9110, 13.1.1).
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
