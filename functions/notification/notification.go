package main

import (
	"strconv"

	"minifb/shared/response"
	"minifb/shared/store"
)

// A notification is the contract's Notification.
type notification struct {
	ID           int64           `json:"id" doc:"The notification's id" example:"21"`
	Type         int             `json:"type" doc:"1: commented on my post, 2: reacted to my post" enum:"1,2"`
	Actor        response.Person `json:"actor" doc:"Who commented or reacted"`
	PostID       int64           `json:"post_id" doc:"My post" example:"14"`
	CommentID    *int64          `json:"comment_id" required:"true" nullable:"true" doc:"The comment; null for type 2"`
	ReactionType *int            `json:"reaction_type" required:"true" nullable:"true" doc:"1–5; null for type 1"`
	Read         bool            `json:"read" doc:"Whether it is marked as read"`
	CreatedAt    response.Time   `json:"created_at" doc:"When the comment was added, or the reaction put first"`
}

// AppendJSON appends the notification, as response.Post does.
func (n notification) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), n.ID, 10)
	b = strconv.AppendInt(append(b, `,"type":`...), int64(n.Type), 10)
	b = n.Actor.AppendJSON(append(b, `,"actor":`...))
	b = strconv.AppendInt(append(b, `,"post_id":`...), n.PostID, 10)
	b = response.AppendNumber(append(b, `,"comment_id":`...), n.CommentID)
	b = response.AppendNumber(append(b, `,"reaction_type":`...), n.ReactionType)
	b = strconv.AppendBool(append(b, `,"read":`...), n.Read)
	b = n.CreatedAt.AppendJSON(append(b, `,"created_at":`...))
	return append(b, '}')
}

func newNotification(n store.Notification) notification {
	return notification{
		n.ID, n.Type, response.NewPerson(n.Actor), n.PostID, n.CommentID, n.ReactionType, n.Read,
		response.Time(n.CreatedAt),
	}
}

type countOutput struct {
	Body struct {
		Count int `json:"count" doc:"How many notifications" example:"3"`
	}
}

// respondCount returns the output for a number of notifications, or the store's error.
func respondCount(n int, err error) (*countOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &countOutput{}
	out.Body.Count = n
	return out, nil
}
