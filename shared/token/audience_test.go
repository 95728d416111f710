package token

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestAudienceRoundTrip(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]audience{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}, `[]`: {}} {
		var got audience
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
		if written, err := json.Marshal(want); string(written) != text || err != nil {
			t.Errorf("%q is written as %s, %v, want %s", want, written, err, text)
		}
	}
}
