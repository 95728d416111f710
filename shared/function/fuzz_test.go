package function

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/testkit/lambdatest"
)

// newEcho returns a function whose responses say what it got.
func newEcho() *Handler {
	echo := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(w, "%s %q %s", r.Pattern, r.PathValue("id"), body)
	}
	routes := func(a *api.API, _ Deps) {
		for _, pattern := range []string{"GET /", "GET /thing", "GET /thing/{id}", "POST /thing/{id}"} {
			a.Handle(pattern, echo)
		}
	}
	return NewHandler("test", routes, Deps{}, Settings{Timeout: time.Minute, Log: slog.New(slog.DiscardHandler)})
}

// FuzzTarget sends a request over HTTP and through each of Lambda's gateways that passes the path on as
// sent. The responses are the same.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/", "//", "/%2F", "/thing", "/thing/", "/thing/1?a=b&a=c;d&%zz", "/thing/a%2Fb", "/thing/%2e%2E", "/thing/안",
		"/thing/안%2F1", "/thing/%", "/thing/%00", "/?\x14", "/thing/a b", "/thing/a|b^c", "/thing/1#x", "/thing/\x01",
		"/nothing",
	} {
		f.Add("GET", target)
	}
	f.Add("HEAD", "/thing/1")
	f.Add("DELETE", "/thing/1")
	handler := newEcho()
	lambda := newInvoker(handler)
	f.Fuzz(func(t *testing.T, method, target string) {
		if !strings.HasPrefix(target, "/") || !utf8.ValidString(target) {
			return // events have no such paths
		}
		if _, query, _ := strings.Cut(target, "?"); strings.ContainsFunc(query, unicode.IsControl) {
			return // an HTTP server refuses it, as a gateway does before it decodes the query
		}
		direct := httptest.NewRecorder()
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(
			method + " " + target + " HTTP/1.1\r\nHost: h\r\nX-Request-Id: r\r\n\r\n")))
		if err == nil && (r.Method != method || r.RequestURI != target) {
			return // a line break ended the target
		}
		if err == nil {
			r.RemoteAddr = "192.0.2.1:4000"
			handler.ServeHTTP(direct, r.Clone(t.Context()))
		} else if _, err := url.ParseRequestURI(target); err != nil {
			r = &http.Request{Method: "GET", RequestURI: target, RemoteAddr: "192.0.2.1:4000"}
			direct.Code = http.StatusBadRequest // as an HTTP server responds, in other words
		} else {
			return // not a method, or a target with a blank
		}
		for _, gateway := range []lambdatest.Gateway{
			lambdatest.FunctionURL, lambdatest.RESTAPI, lambdatest.LoadBalancer, lambdatest.SingleValues,
		} {
			response, err := gateway.Do(lambda.Invoke, r)
			if err != nil {
				t.Fatalf("%s %q: %s: %v", method, target, gateway.Name, err)
			}
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != direct.Code || direct.Body.Len() > 0 && string(body) != direct.Body.String() ||
				response.Header.Get("Allow") != direct.Header().Get("Allow") {
				t.Fatalf("%s %q: %s gives %d %v %s, and HTTP %d %v %s", method, target, gateway.Name,
					response.StatusCode, response.Header, body, direct.Code, direct.Header(), direct.Body)
			}
		}
	})
}

// FuzzInvoke invokes a function with any event. An event that is no request's gets the documented error, and every
// other a response that its gateway can read.
func FuzzInvoke(f *testing.F) {
	events := eventsOfAWS(f)
	for _, name := range slices.Sorted(maps.Keys(events)) {
		f.Add(events[name])
	}
	for _, event := range []string{
		ruleEvent, schedulerEvent, `{`, `null`, `{"requestContext":{},"httpMethod":"GET"}`,
		`{"version":"2.0","rawPath":"/thing/%","requestContext":{"http":{"method":"GET","sourceIp":"x"}}}`,
		`{"httpMethod":"POST","path":"/thing/1","requestContext":{"elb":{}},"body":"/wBh","isBase64Encoded":true}`,
		`{"httpMethod":"POST","path":"/thing/1","requestContext":{},"body":"\ufffd","multiValueHeaders":{"host":[]}}`,
		`{"httpMethod":"GET","path":"/","requestContext":{},"multiValueHeaders":{"X-Request-Id":["a\r\nb: c"],"":[]}}`,
		`{"httpMethod":"GET","path":"","requestContext":{"elb":{}},"headers":{"x-forwarded-for":", , "}}`,
	} {
		f.Add([]byte(event))
	}
	lambda := newInvoker(newEcho())
	f.Fuzz(func(t *testing.T, event []byte) {
		encoded, err := lambda.Invoke(t.Context(), event)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "read the event: ") &&
				!strings.HasPrefix(text, "the event of a schedule, ") || encoded != nil {
				t.Fatalf("%s: %s, %v", event, encoded, err)
			}
			return
		}
		var response lambdaResponse
		if err := json.Unmarshal(encoded, &response); err != nil {
			t.Fatalf("%s: %s: %v", event, encoded, err)
		}
		checkEventResponse(t, event, response)
	})
}

// checkEventResponse checks what every response has.
func checkEventResponse(t *testing.T, event []byte, r lambdaResponse) {
	header := http.Header{}
	for name, value := range r.Headers {
		header.Set(name, value)
	}
	maps.Copy(header, r.MultiValueHeaders)
	for name, values := range header {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n") {
			t.Fatalf("%s: the header %q: %q", event, name, values)
		}
	}
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil || utf8.Valid(body) {
			t.Fatalf("%s: %+v: in base64, and should not be: %v", event, r, err)
		}
	}
	if r.StatusCode < 200 || r.StatusCode > 499 || len(header["X-Request-Id"]) != 1 ||
		header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("%s: %+v", event, r)
	}
	if r.StatusCode < 400 || len(body) == 0 { // HEAD has no body
		return
	}
	var problem map[string]string
	if err := json.Unmarshal(body, &problem); err != nil || len(problem) != 2 || problem["hint"] == "" ||
		problem["result"] != http.StatusText(r.StatusCode) {
		t.Fatalf("%s: %d %s: %v", event, r.StatusCode, body, err)
	}
}

// FuzzClientAddress sends any X-Forwarded-For. What a client writes there never counts: neither without
// trusted proxies, nor before the address that a trusted proxy has added.
func FuzzClientAddress(f *testing.F) {
	for _, claimed := range []string{
		"", "6.6.6.6", "6.6.6.6, 7.7.7.7", "10.1.2.3", "junk", ",", " , ", "[::1]:80", "fe80::1%eth0",
		"::ffff:10.1.2.3", "6.6.6.6\r\nX-Forwarded-For: 7.7.7.7", "unix:", "10.1.2.3:0, 10.1.2.4:65536",
		"0010.1.2.3", "６.6.6.6",
	} {
		f.Add(claimed, []byte{203, 0, 113, 7}, "10.1.2.3")
		f.Add(claimed, []byte("0123456789abcdef"), "127.0.0.1:5000")
	}
	trusted := config.Networks{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("2001:db8::/32"),
	}
	f.Fuzz(func(t *testing.T, claimed string, raw []byte, hop string) {
		client, ok := netip.AddrFromSlice(raw)
		if client = client.Unmap(); !ok || trusted.Contains(client) {
			return
		}
		get := func(peer string, trusted config.Networks, forwarded string) netip.Addr {
			return clientAddress(&http.Request{
				RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}},
			}, trusted)
		}
		want := func(how string, got netip.Addr) {
			if got != client {
				t.Fatalf("%s: %q is claimed behind %q, and the client is %s, want %s", how, claimed, hop, got, client)
			}
		}
		peer := net.JoinHostPort(client.String(), "4000")
		want("no trusted proxy", get(peer, nil, claimed))
		want("the client itself", get(peer, trusted, claimed))
		want("one proxy", get("10.9.9.9:80", trusted, claimed+", "+client.String()))
		want("one proxy, with the port", get("10.9.9.9:80", trusted, claimed+","+peer))
		if trusted.Contains(parseAddress(hop)) {
			want("two proxies", get("10.9.9.9:80", trusted, claimed+", "+client.String()+" , "+hop))
		}
		// Whatever it is that the proxies have written, it is an address of theirs.
		got := get("10.9.9.9:80", trusted, claimed)
		entries := strings.Split(claimed, ",")
		named := slices.ContainsFunc(entries, func(e string) bool { return parseAddress(strings.TrimSpace(e)) == got })
		if !named && got != netip.MustParseAddr("10.9.9.9") || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q gives %s", claimed, got)
		}
	})
}
