package function

import (
	"net/http"
	"testing"
)

// A page that was appended to the response's buffer is not copied, and the next response does not begin with it.
func TestResponseIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	first := &responseBuffer{header: http.Header{}}
	page := append(first.AvailableBuffer(), "a page"...)
	if _, err := first.Write(page); err != nil {
		t.Fatal(err)
	}
	if body := first.buffer().Bytes(); string(body) != "a page" || &body[0] != &page[0] {
		t.Errorf("%q is a copy", body)
	}
	first.release()
	for range 10 {
		next := &responseBuffer{header: http.Header{}}
		if body := next.buffer().String(); body != "" {
			t.Errorf("a response begins with %q", body)
		}
	}
}
