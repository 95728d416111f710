package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// Whatever is asked for, the answer is JSON.
func TestAccept(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for _, accept := range []string{
		"", "*/*", "application/json", "text/html", "text/html,application/xhtml+xml;q=0.9", "application/cbor", "application/json;q=0",
		"a;,b", ";;;;", "a;q=1,", ",", "application/json;,*/*;", "\xff;,\xff", strings.Repeat("a;,", 500),
	} {
		for do, want := range map[string]int{"GET /thing/14": 200, "GET /nowhere": 404, "GET /number?size=0": 400, "GET /who/signed-in": 401} {
			answer := areatest.Do(t, b.URL, areatest.Step{Do: do, Header: map[string]string{"Accept": accept}})
			if answer.Status != want {
				t.Errorf("%s, Accept: %q: %d %s", do, accept, answer.Status, answer.Body)
			}
			areatest.CheckResponse(t, answer)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for sent, echoed := range map[string]bool{
		"a": true, "0-9.A_Z:z": true, strings.Repeat("x", 128): true, "": false, strings.Repeat("x", 129): false,
		"two words": false, "a,b": false, "<b>": false, "안녕": false, `"a"`: false, "a\tb": false,
	} {
		for _, do := range []string{"GET /thing/1", "GET /nowhere"} {
			answer := areatest.Do(t, b.URL, areatest.Step{Do: do, Header: map[string]string{"X-Request-Id": sent}})
			if got := answer.Header.Get("X-Request-Id"); (got == sent) != echoed || got == "" {
				t.Errorf("%s: sent %q, got %q", do, sent, got)
			}
		}
	}
	twice := raw(t, b.URL, "GET /thing/1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\nX-Request-Id: b\r\nConnection: close\r\n\r\n")
	if got := twice.Header["X-Request-Id"]; len(got) != 1 || got[0] == "a" || got[0] == "b" {
		t.Errorf("two ids were answered by %q", got)
	}
}

// No path is mended, and none is redirected.
func TestPath(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for path, want := range map[string]int{
		"/thing/1": 200, "/thing/1?": 200, "/thing/1?x=y": 200, "/thing/%31": 200, "/thing/x": 200, "/%74hing/1": 200,
		"/thing/1/": 404, "/thing/": 404, "/thing": 404, "//thing/1": 404, "/thing//1": 404, "/./thing/1": 404, "/x/../thing/1": 404,
		"/thing/.": 404, "/thing/..": 404, "/thing/%2e": 404, "/thing/%2E%2e": 404, "/Thing/1": 404, "/": 404, "/thing/1/2": 404,
	} {
		answer := raw(t, b.URL, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if answer.Status != want || answer.Header.Get("Location") != "" {
			t.Errorf("%s: %d, want %d: %s", path, answer.Status, want, answer.Body)
		}
		areatest.CheckResponse(t, answer)
	}
}

// A path's id that is no positive 64-bit integer, written as such, is the id of nothing.
func TestID(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for id, want := range map[string]string{
		"1": "1", "14": "14", "9223372036854775807": "9223372036854775807", "%31": "1",
		"0": "0", "-1": "0", "+1": "0", "01": "0", "1.0": "0", "1e3": "0", "x": "0", "0x1": "0", "%20": "0", "1%20": "0", "%00": "0",
		"9223372036854775808": "0", "99999999999999999999": "0", "%EF%BC%91": "0", "1%2F2": "0", "%FF": "0",
	} {
		answer := b.Do(t, nil, "GET /thing/"+id, "")
		if want := `{"id":` + want + `,"match":[]}`; answer.Status != http.StatusOK || string(answer.Body) != want {
			t.Errorf("%s: %d %s, want %s", id, answer.Status, answer.Body, want)
		}
	}
}

func TestMethod(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for do, allow := range map[string]string{
		"DELETE /note": "POST, PUT", "GET /note": "POST, PUT", "POST /number": "GET, HEAD", "OPTIONS /number": "GET, HEAD",
		"PATCH /thing/1": "DELETE, GET, HEAD", "get /number": "GET, HEAD", "WHATEVER /number": "GET, HEAD",
	} {
		answer := b.Do(t, nil, do, "")
		if answer.Status != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != allow {
			t.Errorf("%s: %d, Allow: %q, want %q", do, answer.Status, answer.Header.Get("Allow"), allow)
		}
		areatest.CheckResponse(t, answer)
	}
}

// HEAD is GET but for the body, also where it is refused.
func TestHead(t *testing.T) {
	t.Parallel()
	b := serve(t)
	for path, status := range map[string]int{"/number?size=3": 200, "/number?size=x": 400, "/who/signed-in": 401, "/nowhere": 404, "/fail": 500} {
		get, head := b.Do(t, nil, "GET "+path, ""), b.Do(t, nil, "HEAD "+path, "")
		if get.Status != status || head.Status != status || len(head.Body) > 0 {
			t.Errorf("%s: GET %d, HEAD %d with the body %q", path, get.Status, head.Status, head.Body)
		}
		if length := head.Header.Get("Content-Length"); length != fmt.Sprint(len(get.Body)) && status != http.StatusNotFound {
			t.Errorf("HEAD %s: Content-Length is %s, GET's body has %d", path, length, len(get.Body))
		}
		for _, header := range []http.Header{get.Header, head.Header} {
			header.Del("X-Request-Id")
			header.Del("Date")
			header.Del("Content-Length") // compared above; a 404's names the method
		}
		if fmt.Sprint(get.Header) != fmt.Sprint(head.Header) {
			t.Errorf("%s: GET has %v and HEAD %v", path, get.Header, head.Header)
		}
	}
}
