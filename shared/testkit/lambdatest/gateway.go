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

// A Gateway is one of the services that make a Lambda event of an HTTP request, and an HTTP
// response of what the function returns. It follows AWS's documents, and where they say nothing,
// published captures of the real services.
type Gateway struct {
	Name   string
	event  func(request) any
	accept func(http.Header, result)
	limit  int // bytes of a request's body, and of a result
	fail   func() (status int, contentType, body string)
}

// The gateways. Each has one catch-all route: it passes on every request.
var (
	HTTPAPI = Gateway{
		"HTTP API (payload 2.0)", httpAPI, acceptV2, maxEvent, gatewayFailure(500, "Internal Server Error"),
	}
	RESTAPI = Gateway{
		"REST API (payload 1.0)", restAPI, acceptV1, maxEvent, gatewayFailure(502, "Internal server error"),
	}
	FunctionURL = Gateway{
		"Function URL", functionURL, acceptV2, maxEvent, gatewayFailure(502, "Internal Server Error"),
	}
	LoadBalancer = Gateway{"ALB, multi-value headers", loadBalancer, acceptMulti, maxALB, albFailure}
	// SingleValues is a load balancer whose target group has no multi-value headers, which is the
	// default.
	SingleValues = Gateway{"ALB, single-value headers", singleValueLoadBalancer, acceptSingle, maxALB, albFailure}
)

// maxALB is the longest body and the longest result that a load balancer passes on, in bytes.
const maxALB = 1 << 20

// A result is what a function returns for an event.
type result struct {
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Cookies           []string
	Body              string
	IsBase64Encoded   bool
}

// Do sends a request to a function through the gateway and returns the response that the client
// gets. The request is one that a server has read: its target is RequestURI, which may be
// malformed, and its client is RemoteAddr. A function error becomes the gateway's own response. The
// error of Do is the test's, such as that of a canceled context.
func (g Gateway) Do(invoke func(context.Context, []byte) ([]byte, error), r *http.Request) (*http.Response, error) {
	in, err := readRequest(r)
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
	var out result
	if err == nil && len(returned) <= g.limit {
		err = json.Unmarshal(returned, &out)
	}
	body := []byte(out.Body)
	if out.IsBase64Encoded && err == nil {
		body, err = base64.StdEncoding.DecodeString(out.Body)
	}
	if err != nil || out.StatusCode < 100 || out.StatusCode > 999 {
		status, contentType, text := g.fail()
		header := http.Header{"Content-Type": {contentType}}
		return response(r, status, header, []byte(text)), nil //nolint:nilerr // the response is about it
	}
	header := http.Header{}
	g.accept(header, out)
	return response(r, out.StatusCode, header, body), nil
}

// response returns what the client reads. The gateway sets Content-Length to the length of the
// body. HEAD and 204 have no body.
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

func acceptV2(header http.Header, out result) {
	for name, value := range out.Headers {
		header.Set(name, value)
	}
	for _, cookie := range out.Cookies {
		header.Add("Set-Cookie", cookie)
	}
}

// remapped are the headers of a function that a REST API renames.
var remapped = []string{
	"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards",
	"Proxy-Authenticate", "Server", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Www-Authenticate",
}

func acceptV1(header http.Header, out result) {
	acceptMulti(header, out)
	for name, value := range out.Headers {
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

func acceptMulti(header http.Header, out result) {
	for name, values := range out.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, value)
		}
	}
}

func acceptSingle(header http.Header, out result) {
	for name, value := range out.Headers {
		header.Set(name, value)
	}
}

// gatewayFailure returns what an API Gateway or a function URL responds with to a function error.
func gatewayFailure(status int, message string) func() (int, string, string) {
	return func() (int, string, string) { return status, "application/json", `{"message":"` + message + `"}` }
}

// albFailure is the response of a load balancer to a function error.
func albFailure() (int, string, string) {
	return http.StatusBadGateway, "text/html", "<html><head><title>502 Bad Gateway</title></head></html>"
}
