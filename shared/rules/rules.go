// Package field is the contract's table of fields: what each may hold, for validation and for the OpenAPI text at once.
// Lengths count Unicode code points. Text is stored as sent.
package rules

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

type (
	// ID is a user's ID. Its letters' case matters to the eye alone.
	ID string
	// Password is a password as its owner types it.
	Password string
	// Name is what a user is called.
	Name string
	// Nickname is what a user is called among friends.
	Nickname string
	// Intro is what a user says of himself or herself.
	Intro string
	// Email is a mail address.
	Email string
)

const (
	noControls = `^[^\x00-\x1F\x7F-\x9F]*$`
	// atom is what may stand between the dots of an address, on either side of its @: no space, control or special.
	atom    = `[^\x00-\x20\x7F-\x9F\p{Z}"(),.:;<>@\[\\\]]+`
	dotAtom = atom + `(\.` + atom + `)*`
)

// Schema documents an ID.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Examples: []any{"ann.1"},
		Description:        "A user's ID, unique and found in whatever case: 4 to 50 of A-Z a-z 0-9 . _ ~ @ + -",
		Pattern:            `^[A-Za-z0-9._~@+-]{4,50}$`,
		PatternDescription: "4 to 50 of A-Z a-z 0-9 . _ ~ @ + -",
	}
}

// Schema documents a password.
func (Password) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "password", MinLength: new(10), MaxLength: new(100),
		Description: "10–100 code points", Examples: []any{"correct horse battery staple"},
	}
}

// Schema documents a name.
func (Name) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MinLength: new(2), MaxLength: new(16),
		Pattern: noControls, PatternDescription: "free of control characters",
		Description: "2–16 code points, no control characters", Examples: []any{"Ann"},
	}
}

// Schema documents a nickname.
func (Nickname) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MinLength: new(1), MaxLength: new(30),
		Pattern: noControls, PatternDescription: "free of control characters",
		Description: "1–30 code points, no control characters", Examples: []any{"앤"},
	}
}

// Schema documents an introduction.
func (Intro) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MinLength: new(1), MaxLength: new(85),
		Description: "1–85 code points", Examples: []any{"I like tea."},
	}
}

// Schema documents an address.
func (Email) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: new(254),
		Pattern: `^` + dotAtom + `@` + dotAtom + `$`, PatternDescription: "a mail address such as ann@example.org",
		Description: "A mail address of at most 254 code points. Shown to its owner only", Examples: []any{"ann@example.org"},
	}
}

// Check tells what a value breaks of its field's rule, in the words that the API's hints have for it: name, the rule, and never the
// value. It is for values that come another way than through the API.
func Check[F interface {
	~string
	huma.SchemaProvider
}](name string, value F) error {
	schema := value.Schema(nil)
	schema.PrecomputeMessages()
	path, broken := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	huma.Validate(nil, schema, path, huma.ModeWriteToServer, string(value), &broken)
	for _, err := range broken.Errors {
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			return errors.New(name + ": " + d.Message)
		}
	}
	return nil
}
