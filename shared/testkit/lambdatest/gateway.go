package lambdatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// A Gateway is one of the services that make a Lambda event of an HTTP request, and an HTTP answer of what the function returns.
// Each does so as AWS documents it, or as captures of the real ones that others published show where the documents are silent.
type Gateway struct {
	Name   string
	event  func(request) any
	accept func(http.Header, answer)
	limit  int // bytes of an answer
	fail   func() (status int, contentType, body string)
}

// The gateways. Their routes are not modelled: each passes on whatever it gets, as one with a catch-all route does.
var (
	HTTPAPI      = Gateway{"HTTP API (payload 2.0)", httpAPI, acceptV2, maxEvent, gatewayFailure(500, "Internal Server Error")}
	RESTAPI      = Gateway{"REST API (payload 1.0)", restAPI, acceptV1, maxEvent, gatewayFailure(502, "Internal server error")}
	FunctionURL  = Gateway{"Function URL", functionURL, acceptV2, maxEvent, gatewayFailure(502, "Internal Server Error")}
	LoadBalancer = Gateway{"ALB, several values a header", balancer, acceptMulti, maxBalanced, balancerFailure}
	// SingleValues is a target group with multi-value headers left off, as they are by default.
	SingleValues = Gateway{"ALB, one value a header", singleBalancer, acceptSingle, maxBalanced, balancerFailure}
)

// maxBalanced is the longest body to and answer from a function that a load balancer passes on, in bytes.
const maxBalanced = 1 << 20

// An answer is what a function returns.
type answer struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Cookies           []string
	Body              string
	IsBase64Encoded   bool
}

// Do passes a request to a function and answers as its caller would be answered. The request is one that a server has read: its target
// is RequestURI, which need not be well-formed, and RemoteAddr is the caller's. The error is the test's own, such as ctx's end; a function
// error is the status and the body that the gateway makes of it.
func (g Gateway) Do(invoke func(context.Context, []byte) ([]byte, error), r *http.Request) (*http.Response, error) {
	in, err := read(r)
	if err != nil {
		return nil, err
	}
	if len(in.body) > g.limit {
		return response(r, http.StatusRequestEntityTooLarge, http.Header{}, nil), nil
	}
	payload, err := json.Marshal(g.event(in))
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	returned, err := invoke(r.Context(), payload)
	var failed Failure
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	var a answer
	if err == nil && len(returned) <= g.limit {
		err = json.Unmarshal(returned, &a)
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded && err == nil {
		body, err = base64.StdEncoding.DecodeString(a.Body)
	}
	if err != nil || a.StatusCode < 100 || a.StatusCode > 999 {
		status, contentType, text := g.fail()
		return response(r, status, http.Header{"Content-Type": {contentType}}, []byte(text)), nil //nolint:nilerr // the answer tells of it
	}
	header := http.Header{}
	g.accept(header, a)
	return response(r, a.StatusCode, header, body), nil
}

// response is what the caller's client reads: the gateway counts the body anew, and HEAD and 204 have none.
func response(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	if status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if r.Method == http.MethodHead || status == http.StatusNoContent {
		body = nil
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(body))),
		ContentLength: int64(len(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1,
	}
}

func acceptV2(header http.Header, a answer) {
	for name, value := range a.Headers {
		header.Set(name, value)
	}
	for _, cookie := range a.Cookies {
		header.Add("Set-Cookie", cookie)
	}
}

// remapped are those headers that a REST API does not take from a function: it passes them on by another name.
var remapped = []string{
	"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards", "Proxy-Authenticate",
	"Server", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Www-Authenticate",
}

func acceptV1(header http.Header, a answer) {
	acceptMulti(header, a)
	for name, value := range a.Headers {
		if header.Get(name) == "" {
			header.Set(name, value)
		}
	}
	for _, name := range remapped {
		if values, ok := header[name]; ok {
			header[textproto.CanonicalMIMEHeaderKey("X-Amzn-Remapped-"+name)] = values
			delete(header, name)
		}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
}

func acceptMulti(header http.Header, a answer) {
	for name, values := range a.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, value)
		}
	}
}

func acceptSingle(header http.Header, a answer) {
	for name, value := range a.Headers {
		header.Set(name, value)
	}
}

func gatewayFailure(status int, message string) func() (int, string, string) {
	return func() (int, string, string) { return status, "application/json", `{"message":"` + message + `"}` }
}

func balancerFailure() (int, string, string) {
	return http.StatusBadGateway, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>"
}
