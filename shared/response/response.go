// Package shape is the JSON shapes of the contract that more than one area answers with.
package response

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// A Time is written in RFC 3339, UTC, always with six digits of microseconds.
type Time time.Time

// MarshalText writes the time.
func (t Time) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000000Z"), nil
}

// Schema documents it.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-01-02T03:04:05.678901Z"}}
}

// A Person is a user as shown beside what that user made.
type Person struct {
	ID       string  `json:"id" example:"ann.1"`
	Name     string  `json:"name" example:"Ann"`
	Nickname *string `json:"nickname" required:"true" nullable:"true"`
}

// PersonOf shows a person.
func NewPerson(p store.Person) Person { return Person(p) }

// Reactions count the reactions of each type.
type Reactions struct {
	Type1 int `json:"1"`
	Type2 int `json:"2"`
	Type3 int `json:"3"`
	Type4 int `json:"4"`
	Type5 int `json:"5"`
}

// ReactionsOf shows a tally.
func NewReactions(t store.Tally) Reactions { return Reactions(t) }

// A Post as every area shows it.
type Post struct {
	ID           int64     `json:"id" example:"14"`
	Owner        Person    `json:"owner"`
	Content      string    `json:"content" doc:"1–3000 code points"`
	Modified     bool      `json:"modified" doc:"Whether the content was ever changed"`
	CommentCount int       `json:"comment_count"`
	Reactions    Reactions `json:"reactions" doc:"How many of each type"`
	MyReaction   *int      `json:"my_reaction" required:"true" nullable:"true" doc:"1–5; null without one, and without a token"`
	CreatedAt    Time      `json:"created_at"`
}

// PostOf shows a post.
func NewPost(p store.Post) Post {
	return Post{
		ID: p.ID, Owner: NewPerson(p.Owner), Content: p.Content, Modified: p.Modified,
		CommentCount: p.CommentCount, Reactions: NewReactions(p.Tally), MyReaction: p.MyReaction, CreatedAt: Time(p.CreatedAt),
	}
}
