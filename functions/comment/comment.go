package main

import (
	"strconv"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/rules"
	"minifb/shared/store"
)

// A comment is the contract's Comment.
type comment struct {
	ID         int64              `json:"id" doc:"The comment's id" example:"7"`
	PostID     int64              `json:"post_id" doc:"The post that it is on" example:"14"`
	Owner      response.Person    `json:"owner" doc:"Its author"`
	Content    string             `json:"content" doc:"The text, as sent" example:"좋아요!"`
	Modified   bool               `json:"modified" doc:"Whether the content was ever changed"`
	Reactions  response.Reactions `json:"reactions" doc:"How many reactions of each type it has"`
	MyReaction *int               `json:"my_reaction" required:"true" nullable:"true" doc:"The viewer's, 1–5, or null"`
	CreatedAt  response.Time      `json:"created_at" doc:"When it was added"`
}

// AppendJSON appends the comment, as response.Post does.
func (c comment) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), c.ID, 10)
	b = strconv.AppendInt(append(b, `,"post_id":`...), c.PostID, 10)
	b = c.Owner.AppendJSON(append(b, `,"owner":`...))
	b = response.AppendText(append(b, `,"content":`...), c.Content)
	b = strconv.AppendBool(append(b, `,"modified":`...), c.Modified)
	b = c.Reactions.AppendJSON(append(b, `,"reactions":`...))
	b = response.AppendNumber(append(b, `,"my_reaction":`...), c.MyReaction)
	b = c.CreatedAt.AppendJSON(append(b, `,"created_at":`...))
	return append(b, '}')
}

func newComment(c store.Comment) comment {
	return comment{
		ID: c.ID, PostID: c.PostID, Owner: response.NewPerson(c.Owner), Content: c.Content, Modified: c.Modified,
		Reactions: response.NewReactions(c.Tally), MyReaction: c.MyReaction, CreatedAt: response.Time(c.CreatedAt),
	}
}

// A commentContent is the body of a comment that is added or edited.
type commentContent struct {
	Content rules.CommentContent `json:"content"`
}

type commentOutput struct {
	ETag string `header:"ETag" doc:"The revision of the content, for If-Match"`
	Body comment
}

// respond returns the output for a comment, or the store's error.
func respond(c store.Comment, err error) (*commentOutput, error) {
	if err != nil {
		return nil, err
	}
	return &commentOutput{api.ETag(c.Revision), newComment(c)}, nil
}
