package api

import "github.com/danielgtaylor/huma/v2"

// A document is an output whose body is written as it is, instead of as JSON.
type document interface {
	responses() map[string]*huma.Response
}

// An HTMLOutput is the output of a view that returns an HTML page. Make it with HTML. Errors are
// JSON all the same.
type HTMLOutput struct {
	ContentType  string `header:"Content-Type" hidden:"true"`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Policy       string `header:"Content-Security-Policy" hidden:"true"`
	Opener       string `header:"Cross-Origin-Opener-Policy" hidden:"true"`
	Referrer     string `header:"Referrer-Policy" hidden:"true"`
	Body         []byte
}

// contentPolicy is the Content-Security-Policy of every page. A page loads scripts, style sheets
// and images from its own server only, has no inline script or style, makes no HTML from text, and
// is not shown in a frame. Its forms are sent by script: without the script, a password would
// become part of an address.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// HTML returns the output for a page in UTF-8. A browser asks for it each time, so that it names the
// assets of the release that serves it.
func HTML(page []byte) *HTMLOutput {
	return &HTMLOutput{"text/html; charset=utf-8", "no-cache", contentPolicy, "same-origin", "no-referrer", page}
}

func (*HTMLOutput) responses() map[string]*huma.Response { return documentResponse("text/html") }

// A JSONOutput is the output of a view that returns a file of JSON. Make it with JSON.
type JSONOutput struct {
	ContentType  string `header:"Content-Type" hidden:"true"`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         []byte
}

// JSON returns the output for a file of JSON. As with a page, a browser asks for it each time.
func JSON(file []byte) *JSONOutput { return &JSONOutput{mediaJSON, "no-cache", file} }

func (*JSONOutput) responses() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{
		mediaJSON: {Schema: &huma.Schema{Type: huma.TypeObject}},
	}}}
}

// documentResponse describes a success whose body is text of one of these media types.
func documentResponse(mediaTypes ...string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, name := range mediaTypes {
		content[name] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return map[string]*huma.Response{"200": {Content: content}}
}
