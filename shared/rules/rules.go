// Package rules is the contract's table of fields: what each field of a request may hold. A field's
// type gives its rule to the validation, and its description to the OpenAPI text.
package rules

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// The fields' types. Lengths count Unicode code points; text is stored as sent.
type (
	// ID is a user's ID. Upper and lower case name the same user.
	ID string
	// Password is a password in plain text.
	Password string
	// Name is a user's name.
	Name string
	// Nickname is a user's nickname.
	Nickname string
	// Intro is a user's introduction.
	Intro string
	// Email is a mail address.
	Email string
	// PostContent is the text of a post.
	PostContent string
	// CommentContent is the text of a comment.
	CommentContent string
	// ReactionType is one of the five types of reactions.
	ReactionType int
	// RefreshToken is a refresh token of any state.
	RefreshToken string
)

const (
	noControls = `^[^\x00-\x1F\x7F-\x9F]*$`
	// atom matches a part of a mail address between dots, on either side of the @: no space, no
	// control character, no special one.
	atom    = `[^\x00-\x20\x7F-\x9F\p{Z}"(),.:;<>@\[\\\]]+`
	dotAtom = atom + `(\.` + atom + `)*`
)

// text returns the schema of a field with this range of lengths.
func text(minLength, maxLength int, description string, example any) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MinLength: &minLength, MaxLength: &maxLength,
		Description: description, Examples: []any{example},
	}
}

// name is text without control characters.
func name(minLength, maxLength int, description string, example any) *huma.Schema {
	schema := text(minLength, maxLength, description, example)
	schema.Pattern, schema.PatternDescription = noControls, "no control characters"
	return schema
}

// Schema returns the rule of an ID.
func (ID) Schema(huma.Registry) *huma.Schema {
	const rule = "4 to 50 of A-Z a-z 0-9 . _ ~ @ + -"
	return &huma.Schema{
		Type: huma.TypeString, Pattern: store.IDPattern.String(), PatternDescription: rule,
		Description: "A user's ID, unique in any case: " + rule, Examples: []any{"ann.1"},
	}
}

// Schema returns the rule of a password.
func (Password) Schema(huma.Registry) *huma.Schema {
	schema := text(10, 100, "The account's password, 10–100 code points", "correct horse battery staple")
	schema.Format = "password"
	return schema
}

// Schema returns the rule of a name.
func (Name) Schema(huma.Registry) *huma.Schema {
	return name(2, 16, "The user's name, 2–16 code points, no control characters", "Ann")
}

// Schema returns the rule of a nickname.
func (Nickname) Schema(huma.Registry) *huma.Schema {
	return name(1, 30, "The user's nickname, 1–30 code points, no control characters", "앤")
}

// Schema returns the rule of an introduction.
func (Intro) Schema(huma.Registry) *huma.Schema {
	return text(1, 85, "The user's introduction, 1–85 code points", "I like tea.")
}

// Schema returns the rule of a mail address.
func (Email) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: new(254),
		Pattern: `^` + dotAtom + `@` + dotAtom + `$`, PatternDescription: "a mail address such as ann@example.org",
		Description: "A mail address of at most 254 code points; only its user sees it",
		Examples:    []any{"ann@example.org"},
	}
}

// Schema returns the rule of a post's content.
func (PostContent) Schema(huma.Registry) *huma.Schema {
	return text(1, 3000, "The text, 1–3000 code points; stored as sent", "안녕!")
}

// Schema returns the rule of a comment's content.
func (CommentContent) Schema(huma.Registry) *huma.Schema {
	return text(1, 1000, "The text, 1–1000 code points; stored as sent", "좋아요!")
}

// Schema returns the rule of a reaction's type.
func (ReactionType) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(5.0),
		Description: "Which of the five reactions", Examples: []any{1},
	}
}

// Schema returns the rule of a refresh token.
func (RefreshToken) Schema(huma.Registry) *huma.Schema {
	return text(1, 512, "The refresh token of the last response", "Hm4rTqkVwyr3zq1LkBvZ3wV5pXnZ0Jt7c2uS8dGfYaE")
}

// Check returns an error if a value that does not come through the API breaks its field's rule.
// Like a hint, the error has the name and the rule, and never the value.
func Check[F interface {
	~string
	huma.SchemaProvider
}](name string, value F) error {
	schema := value.Schema(nil)
	schema.PrecomputeMessages()
	path, result := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	huma.Validate(nil, schema, path, huma.ModeWriteToServer, string(value), &result)
	if len(result.Errors) > 0 {
		return errors.New(name + ": " + Describe(schema))
	}
	return nil
}
