package token

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestAudienceIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]audience{`"a"`: {"a"}, `["a","b"]`: {"a", "b"}, `[]`: {}} {
		var got audience
		if err := json.Unmarshal([]byte(text), &got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is read as %q, %v", text, got, err)
		}
		if written, err := json.Marshal(want); string(written) != text || err != nil {
			t.Errorf("%q is written as %s, %v; want %s", want, written, err, text)
		}
	}
}
