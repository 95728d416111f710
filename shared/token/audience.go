package token

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An audience is a string, or a list of strings.
type audience []string

// MarshalJSONTo writes one name as a string.
func (a audience) MarshalJSONTo(to *jsontext.Encoder) error {
	if len(a) == 1 {
		return to.WriteToken(jsontext.String(a[0]))
	}
	return json.MarshalEncode(to, []string(a))
}

// UnmarshalJSONFrom reads a string or a list.
func (a *audience) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	if from.PeekKind() == '[' {
		return json.UnmarshalDecode(from, (*[]string)(a))
	}
	*a = make(audience, 1)
	return json.UnmarshalDecode(from, &(*a)[0])
}
