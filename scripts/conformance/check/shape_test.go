package check_test

import (
	"encoding/json"
	"strings"
	"testing"

	"minifb/scripts/conformance/check"
)

// A member that the contract does not document is a fault of the server, unless the contract allows others.
func TestUndocumentedMembersAreReported(t *testing.T) {
	t.Parallel()
	members := map[string]check.Shape{"id": check.Number(1)}
	const undocumented = "has a member extra, which is not documented"
	for _, c := range []struct {
		shape      check.Shape
		text, want string
	}{
		{check.Object(members), `{"id":1}`, ""},
		{check.Object(members), `{"id":1,"extra":null}`, undocumented},
		{check.AtLeast(members), `{"id":1,"extra":null}`, ""},
		{check.AtLeast(members), `{"extra":null}`, "has no member id"},
		{check.List(check.Object(members)), `[{"id":1},{"id":2,"extra":0}]`, "[1] " + undocumented},
		{
			check.Object(map[string]check.Shape{"post": check.Object(members)}),
			`{"post":{"id":1,"extra":0}}`, "post " + undocumented,
		},
	} {
		decoder := json.NewDecoder(strings.NewReader(c.text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if got := c.shape(value); got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}
