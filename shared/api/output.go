package api

import "github.com/danielgtaylor/huma/v2"

// A document is an output whose body is written as it is, instead of as JSON.
type document interface {
	responses() map[string]*huma.Response
}

// An HTMLOutput is the output of a view that returns an HTML page. Make it with HTML. Errors are
// JSON all the same.
type HTMLOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

// HTML returns the output for a page in UTF-8.
func HTML(page []byte) *HTMLOutput { return &HTMLOutput{"text/html; charset=utf-8", page} }

func (*HTMLOutput) responses() map[string]*huma.Response { return documentResponse("text/html") }

// A TextOutput is the output of a view that returns plain text. Make it with Text. Errors are JSON
// all the same.
type TextOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

// Text returns the output for a text in UTF-8.
func Text(text []byte) *TextOutput { return &TextOutput{"text/plain; charset=utf-8", text} }

func (*TextOutput) responses() map[string]*huma.Response { return documentResponse("text/plain") }

// documentResponse describes a success whose body is text of this media type.
func documentResponse(mediaType string) map[string]*huma.Response {
	body := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	return map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{mediaType: body}}}
}
