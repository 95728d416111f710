package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Response is a response with its whole body. Its methods end the case if it is not as they say.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	t       *T
	request Request
	parsed  any
}

// Request returns what was sent.
func (r *Response) Request() Request { return r.request }

// Failf ends the case with this response in its failure.
func (r *Response) Failf(expected, got string, args ...any) {
	r.t.last = r
	r.t.Failf(expected, got, args...)
}

// Rule sets the rule that the next failure names.
func (r *Response) Rule(rule string) { r.t.rule = rule }

func (r *Response) describe(hide func(string) string) string {
	if r.Status == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d %s", r.Status, http.StatusText(r.Status))
	for name, values := range r.Header {
		if name != "Date" && !strings.HasPrefix(name, "Access-Control-") {
			fmt.Fprintf(&out, "\n%s: %s", name, cut(hide(strings.Join(values, " | "))))
		}
	}
	if len(r.Body) > 0 {
		out.WriteString("\n\n" + cut(hide(string(r.Body))))
	}
	lines := strings.Split(out.String(), "\n")
	if end := slices.Index(lines, ""); end > 0 {
		slices.Sort(lines[1:end])
	} else {
		slices.Sort(lines[1:])
	}
	return strings.Join(lines, "\n")
}

// Want checks the status.
func (r *Response) Want(status int) *Response {
	if r.Status != status {
		r.Failf("status "+strconv.Itoa(status), "status %d", r.Status)
	}
	return r
}

// JSON returns the body. Numbers are json.Number.
func (r *Response) JSON() any {
	if r.parsed == nil {
		decoder := json.NewDecoder(bytes.NewReader(r.Body))
		decoder.UseNumber()
		if err := decoder.Decode(&r.parsed); err != nil {
			r.Failf("a body of JSON", "%v", err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			r.Failf("one JSON value", "more after it")
		}
	}
	return r.parsed
}

// Get returns the value at a path such as "items.0.owner.id". It ends the case if there is none.
func (r *Response) Get(path string) any {
	value := r.JSON()
	for key := range strings.SplitSeq(path, ".") {
		var ok bool
		switch in := value.(type) {
		case map[string]any:
			value, ok = in[key]
		case []any:
			var i int
			if i, ok = index(key, len(in)); ok {
				value = in[i]
			}
		}
		if !ok {
			r.Failf("a member "+path, "no %s", key)
		}
	}
	return value
}

func index(key string, n int) (int, bool) {
	i, err := strconv.Atoi(key)
	return i, err == nil && i >= 0 && i < n
}

// Text returns the text at a path.
func (r *Response) Text(path string) string {
	text, ok := r.Get(path).(string)
	if !ok {
		r.Failf(path+" is a string", "%v", r.Get(path))
	}
	return text
}

// Int returns the whole number at a path.
func (r *Response) Int(path string) int64 {
	number, _ := r.Get(path).(json.Number)
	n, err := number.Int64()
	if err != nil {
		r.Failf(path+" is a whole number", "%v", r.Get(path))
	}
	return n
}

// Has checks the value at a path.
func (r *Response) Has(path string, want any) *Response {
	if got := r.Get(path); !same(got, want) {
		r.Failf(path+": "+encoded(want), "%s: %s", path, encoded(got))
	}
	return r
}

// otherTexts are those of RFC 9110 where Go has the text of an earlier RFC.
var otherTexts = map[int]string{
	http.StatusRequestEntityTooLarge: "Content Too Large",
	http.StatusUnprocessableEntity:   "Unprocessable Content",
}

// NamesItsStatus checks that the member result of an error is the text of its status.
func (r *Response) NamesItsStatus() *Response {
	if other, ok := otherTexts[r.Status]; ok && r.Text("result") == other {
		return r
	}
	return r.Has("result", http.StatusText(r.Status))
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return cut(string(text))
}

// same reports whether two values are the same JSON.
func same(got, want any) bool {
	text, err := json.Marshal(want)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var normal any
	return decoder.Decode(&normal) == nil && reflect.DeepEqual(got, normal)
}

// Is checks the whole body.
func (r *Response) Is(shape Shape) *Response {
	if problem := shape(r.JSON()); problem != "" {
		r.Failf("a body of the documented shape", "%s", problem)
	}
	return r
}

// Equals checks that the body is that of another response.
func (r *Response) Equals(other *Response) *Response {
	if !reflect.DeepEqual(r.JSON(), other.JSON()) {
		r.Failf("the body "+cut(string(other.Body)), "another one")
	}
	return r
}

// WithHeader checks a header. An empty value means that there is none.
func (r *Response) WithHeader(name, want string) *Response {
	if got := strings.Join(r.Header.Values(name), ", "); got != want {
		r.Failf(name+": "+want, "%s: %s", name, got)
	}
	return r
}

// Hints checks that the hint of an error has all of these words.
func (r *Response) Hints(words ...string) *Response {
	hint := r.Text("hint")
	for _, word := range words {
		if !strings.Contains(strings.ToLower(hint), strings.ToLower(word)) {
			r.Failf(fmt.Sprintf("a hint that says %q", word), "%q", hint)
		}
	}
	return r
}

// HidesInHint checks that the hint of an error does not repeat a text.
func (r *Response) HidesInHint(text string) *Response {
	if hint := r.Text("hint"); len(text) >= 4 && strings.Contains(hint, text) {
		r.Failf("a hint without the value", "%q", hint)
	}
	return r
}
