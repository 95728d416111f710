package response

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// The types of lists append their own JSON, in less than half of the time that package json takes. It
// is what json.Marshal returns.

// AppendJSON appends the post.
func (p Post) AppendJSON(b []byte) []byte {
	if p.memo == nil {
		return p.appendJSON(b)
	}
	text := p.memo.Load()
	if text == nil {
		made := bytes.Clone(p.appendJSON(nil))
		text = &made
		p.memo.Store(text)
	}
	return append(b, *text...)
}

func (p *Post) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), p.ID, 10)
	b = p.Owner.AppendJSON(append(b, `,"owner":`...))
	b = AppendText(append(b, `,"content":`...), p.Content)
	b = strconv.AppendBool(append(b, `,"modified":`...), p.Modified)
	b = strconv.AppendInt(append(b, `,"comment_count":`...), int64(p.CommentCount), 10)
	b = p.Reactions.AppendJSON(append(b, `,"reactions":`...))
	b = AppendNumber(append(b, `,"my_reaction":`...), p.MyReaction)
	b = p.CreatedAt.AppendJSON(append(b, `,"created_at":`...))
	return append(b, '}')
}

// AppendJSON appends the person.
func (p Person) AppendJSON(b []byte) []byte {
	b = AppendText(append(b, `{"id":`...), p.ID)
	b = AppendText(append(b, `,"name":`...), p.Name)
	b = append(b, `,"nickname":`...)
	if p.Nickname == nil {
		return append(b, "null}"...)
	}
	return append(AppendText(b, *p.Nickname), '}')
}

// AppendJSON appends the counters.
func (r Reactions) AppendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"1":`...), int64(r.Type1), 10)
	b = strconv.AppendInt(append(b, `,"2":`...), int64(r.Type2), 10)
	b = strconv.AppendInt(append(b, `,"3":`...), int64(r.Type3), 10)
	b = strconv.AppendInt(append(b, `,"4":`...), int64(r.Type4), 10)
	b = strconv.AppendInt(append(b, `,"5":`...), int64(r.Type5), 10)
	return append(b, '}')
}

// AppendJSON appends the time.
func (t Time) AppendJSON(b []byte) []byte {
	return append(time.Time(t).UTC().AppendFormat(append(b, '"'), timeFormat), '"')
}

// AppendNumber appends a number, or null.
func AppendNumber[T int | int64](b []byte, n *T) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(*n), 10)
}

// AppendText appends a string. Invalid UTF-8, which the database does not accept, becomes U+FFFD.
func AppendText(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // fails only on invalid UTF-8
	return b
}
