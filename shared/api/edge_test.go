package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

// The response is JSON for any Accept.
func TestAccept(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, accept := range []string{
		"", "*/*", "application/json", "text/html", "text/html,application/xhtml+xml;q=0.9", "application/cbor",
		"application/json;q=0",
		"a;,b", ";;;;", "a;q=1,", ",", "application/json;,*/*;", "\xff;,\xff", strings.Repeat("a;,", 500),
	} {
		for do, want := range map[string]int{"GET /thing/14": 200, "GET /nowhere": 404, "GET /number?size=0": 400,
			"GET /who/signed-in": 401} {
			response := areatest.Do(t, s.URL, areatest.Step{Do: do, Header: map[string]string{"Accept": accept}})
			if response.Status != want {
				t.Errorf("%s, Accept: %q: %d %s", do, accept, response.Status, response.Body)
			}
			areatest.CheckResponse(t, response)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for sent, echoed := range map[string]bool{
		"a": true, "0-9.A_Z:z": true, strings.Repeat("x", 128): true, "": false, strings.Repeat("x", 129): false,
		"two words": false, "a,b": false, "<b>": false, "안녕": false, `"a"`: false, "a\tb": false,
	} {
		for _, do := range []string{"GET /thing/1", "GET /nowhere"} {
			response := areatest.Do(t, s.URL, areatest.Step{Do: do, Header: map[string]string{"X-Request-Id": sent}})
			if got := response.Header.Get("X-Request-Id"); (got == sent) != echoed || got == "" {
				t.Errorf("%s: sent %q, got %q", do, sent, got)
			}
		}
	}
	twice := raw(t, s.URL, "GET /thing/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
		"X-Request-Id: a\r\nX-Request-Id: b\r\n\r\n")
	if got := twice.Header["X-Request-Id"]; len(got) != 1 || got[0] == "a" || got[0] == "b" {
		t.Errorf("two ids got %q", got)
	}
}

// No path is cleaned or redirected.
func TestPath(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for path, want := range map[string]int{
		"/thing/1": 200, "/thing/1?": 200, "/thing/1?x=y": 200, "/thing/%31": 200, "/thing/x": 200, "/%74hing/1": 200,
		"/thing/1/": 404, "/thing/": 404, "/thing": 404, "//thing/1": 404, "/thing//1": 404, "/./thing/1": 404,
		"/x/../thing/1": 404,
		"/thing/.":      404, "/thing/..": 404, "/thing/%2e": 404, "/thing/%2E%2e": 404, "/Thing/1": 404, "/": 404,
		"/thing/1/2": 404,
	} {
		response := raw(t, s.URL, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if response.Status != want || response.Header.Get("Location") != "" {
			t.Errorf("%s: %d, want %d: %s", path, response.Status, want, response.Body)
		}
		areatest.CheckResponse(t, response)
	}
}

// An id that is no positive 64-bit integer is 0.
func TestID(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for id, want := range map[string]string{
		"1": "1", "14": "14", "9223372036854775807": "9223372036854775807", "%31": "1",
		"0": "0", "-1": "0", "+1": "0", "01": "0", "1.0": "0", "1e3": "0", "x": "0", "0x1": "0", "%20": "0",
		"1%20": "0", "%00": "0",
		"9223372036854775808": "0", "99999999999999999999": "0", "%EF%BC%91": "0", "1%2F2": "0", "%FF": "0",
	} {
		response := s.Do(t, nil, "GET /thing/"+id, "")
		if want := `{"id":` + want + `,"match":[]}`; response.Status != http.StatusOK || string(response.Body) != want {
			t.Errorf("%s: %d %s, want %s", id, response.Status, response.Body, want)
		}
	}
}

func TestMethod(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for do, allow := range map[string]string{
		"DELETE /note": "POST, PUT", "GET /note": "POST, PUT", "POST /number": "GET, HEAD",
		"OPTIONS /number": "GET, HEAD",
		"PATCH /thing/1":  "DELETE, GET, HEAD", "get /number": "GET, HEAD", "WHATEVER /number": "GET, HEAD",
	} {
		response := s.Do(t, nil, do, "")
		if response.Status != http.StatusMethodNotAllowed || response.Header.Get("Allow") != allow {
			t.Errorf("%s: %d, Allow: %q, want %q", do, response.Status, response.Header.Get("Allow"), allow)
		}
		areatest.CheckResponse(t, response)
	}
}

// HEAD gets the headers of GET, also of an error.
func TestHead(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for path, status := range map[string]int{"/number?size=3": 200, "/number?size=x": 400, "/who/signed-in": 401,
		"/nowhere": 404, "/fail": 500} {
		get, head := s.Do(t, nil, "GET "+path, ""), s.Do(t, nil, "HEAD "+path, "")
		if get.Status != status || head.Status != status || len(head.Body) > 0 {
			t.Errorf("%s: GET %d, HEAD %d with the body %q", path, get.Status, head.Status, head.Body)
		}
		if length := head.Header.Get("Content-Length"); length != fmt.Sprint(len(get.Body)) &&
			status != http.StatusNotFound {
			t.Errorf("HEAD %s: Content-Length is %s, GET's body has %d", path, length, len(get.Body))
		}
		for _, header := range []http.Header{get.Header, head.Header} {
			header.Del("X-Request-Id")
			header.Del("Date")
			header.Del("Content-Length") // compared above; the hint of a 404 names the method
		}
		if fmt.Sprint(get.Header) != fmt.Sprint(head.Header) {
			t.Errorf("%s: GET has %v and HEAD %v", path, get.Header, head.Header)
		}
	}
}
