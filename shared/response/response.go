// Package response has the response types of the contract that more than one area uses. NewX makes
// an X of its model.
package response

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/store"
)

// A Time is written as RFC 3339 in UTC, always with six digits of microseconds.
type Time time.Time

const timeFormat = "2006-01-02T15:04:05.000000Z"

// MarshalText returns the time as text.
func (t Time) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, timeFormat), nil
}

// Schema returns the schema of the OpenAPI text.
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-01-02T03:04:05.678901Z"}}
}

// A Person is a user as shown beside what the user made.
type Person struct {
	ID       string  `json:"id" doc:"The user's ID" example:"ann.1"`
	Name     string  `json:"name" doc:"The user's name" example:"Ann"`
	Nickname *string `json:"nickname" required:"true" nullable:"true" doc:"The user's nickname, or null"`
}

// NewPerson returns the response type of a person.
func NewPerson(p store.Person) Person { return Person(p) }

// A User is an account as everyone sees it.
type User struct {
	ID        string  `json:"id" doc:"The user's ID, in the case of the sign-up" example:"ann.1"`
	Name      string  `json:"name" doc:"The user's name" example:"Ann"`
	Nickname  *string `json:"nickname" required:"true" nullable:"true" doc:"The user's nickname, or null"`
	Intro     *string `json:"intro" required:"true" nullable:"true" doc:"The user's introduction, or null"`
	CreatedAt Time    `json:"created_at" doc:"When the user signed up"`
}

// NewUser returns the response type of a user.
func NewUser(u store.User) User {
	return User{ID: u.ID, Name: u.Name, Nickname: u.Nickname, Intro: u.Intro, CreatedAt: Time(u.CreatedAt)}
}

// Reactions are how many reactions of each type a post or a comment has.
type Reactions struct {
	Type1 int `json:"1" doc:"Of type 1" example:"3"`
	Type2 int `json:"2" doc:"Of type 2" example:"0"`
	Type3 int `json:"3" doc:"Of type 3" example:"1"`
	Type4 int `json:"4" doc:"Of type 4" example:"0"`
	Type5 int `json:"5" doc:"Of type 5" example:"0"`
}

// NewReactions returns the response type of a tally.
func NewReactions(t store.Tally) Reactions { return Reactions(t) }

// A Post is a post.
type Post struct {
	ID           int64     `json:"id" doc:"The post's id" example:"14"`
	Owner        Person    `json:"owner" doc:"Its author"`
	Content      string    `json:"content" doc:"The text, as sent" example:"안녕!"`
	Modified     bool      `json:"modified" doc:"Whether the content was ever changed"`
	CommentCount int       `json:"comment_count" doc:"How many comments it has" example:"2"`
	Reactions    Reactions `json:"reactions" doc:"How many reactions of each type it has"`
	MyReaction   *int      `json:"my_reaction" required:"true" nullable:"true" doc:"The viewer's, 1–5, or null"`
	CreatedAt    Time      `json:"created_at" doc:"When it was created"`

	memo *store.Memo // of its JSON; may be nil
}

// NewPost returns the response type of a post.
func NewPost(p store.Post) Post {
	return Post{
		ID: p.ID, Owner: NewPerson(p.Owner), Content: p.Content, Modified: p.Modified, CommentCount: p.CommentCount,
		Reactions: NewReactions(p.Tally), MyReaction: p.MyReaction, CreatedAt: Time(p.CreatedAt),
		memo: p.Memo,
	}
}
