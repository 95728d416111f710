package function

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
)

// newTestInvoker serves the paths of this file's tests with one function.
func newTestInvoker(t *testing.T, limit time.Duration, serve http.HandlerFunc) invoker {
	t.Helper()
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /thing/{id}", serve)
		a.Handle("POST /thing/{id}", serve)
		api.Register(a, api.Route{Method: http.MethodGet, Path: "/slow", Access: api.Public},
			func(ctx context.Context, _ *struct{}) (*struct{}, error) { <-ctx.Done(); return nil, ctx.Err() })
	}
	return newInvoker(NewHandler("test", routes, Deps{}, Settings{
		Timeout: limit, BasePath: "/base/v1", Log: slog.New(slog.DiscardHandler),
	}))
}

// The handler must get of an event what an HTTP server would get of its request.
func TestEventBecomesRequest(t *testing.T) {
	t.Parallel()
	const (
		address = `"sourceIp":"192.0.2.1"`
		v2      = `"version":"2.0","requestContext":{"http":{"method":"POST",` + address + `},"domainName":`
		urlV2   = v2 + `"x.lambda-url.eu-west-1.on.aws"},"rawQueryString":"c=%20d","rawPath":`
		apiV2   = v2 + `"x.execute-api.eu-west-1.amazonaws.com"},"rawQueryString":"c=%20d","rawPath":`
		v1      = `"httpMethod":"POST","requestContext":{"identity":{` + address + `}},"path":"/thing/a%2Fb"`
		alb     = `"httpMethod":"POST","requestContext":{"elb":{"targetGroupArn":"arn"}},"path":"/thing/a%2Fb"`
		host    = `"headers":{"host":"h"}`
		stageV2 = `"version":"2.0","requestContext":{"http":{"method":"POST",` + address + `},"stage":"prod",` +
			`"domainName":"x.execute-api.eu-west-1.amazonaws.com"},"rawPath":`
	)
	type request struct {
		Target, Escaped, ID, Query, Host, Remote, Forwarded, Body string
		Length                                                    int64
	}
	common := request{
		Target: "/thing/a%2Fb?c=%20d", Escaped: "/thing/a%2Fb", ID: "a/b", Query: "c=%20d", Host: "h",
		Remote: "192.0.2.1:0", Forwarded: "192.0.2.1",
	}
	with := func(change func(*request)) request { r := common; change(&r); return r }
	decodedQuery := with(func(r *request) { r.Target, r.Query = "/thing/a%2Fb?c=+d", "c=+d" })
	for name, c := range map[string]struct {
		event string
		want  request
	}{
		"a function URL's": {urlV2 + `"/thing/a%2Fb",` + host, common},
		"an HTTP API's decoded path": {apiV2 + `"/thing/a% b",` + host, with(func(r *request) {
			r.Target, r.Escaped, r.ID = "/thing/a%25%20b?c=%20d", "/thing/a%25%20b", "a% b"
		})},
		"a forged address": {urlV2 + `"/thing/a%2Fb","headers":{"host":"h","x-forwarded-for":"6.6.6.6"}`, common},
		"a malformed host": {
			urlV2 + `"/thing/a%2Fb","headers":{"host":"%zz]"}`, with(func(r *request) { r.Host = "%zz]" }),
		},
		"a REST API's, without an account": {
			v1 + `,"multiValueQueryStringParameters":{"c":[" d"]},"multiValueHeaders":{"Host":["h"]}`, decodedQuery,
		},
		"a REST API's, with single values": {
			v1 + `,"queryStringParameters":{"c":" d"},"headers":{"Host":"h"}`, decodedQuery,
		},
		"a load balancer's": {
			alb + `,"multiValueQueryStringParameters":{"c":["%20d"]},` +
				`"multiValueHeaders":{"host":["h"],"x-forwarded-for":["6.6.6.6, 7.7.7.7, 192.0.2.1"]}`, common,
		},
		"a load balancer's, with single values": {
			alb + `,"queryStringParameters":{"c":"%20d"},` +
				`"headers":{"host":"h","x-forwarded-for":"6.6.6.6,7.7.7.7,192.0.2.1"}`, common,
		},
		"a load balancer's, without headers": {
			alb + `,"multiValueQueryStringParameters":{"c":["%20d"]},"multiValueHeaders":{}`,
			with(func(r *request) { r.Host, r.Remote, r.Forwarded = "", ":0", "" }),
		},
		"base64": {
			urlV2 + `"/thing/a%2Fb",` + host + `,"body":"/wBh","isBase64Encoded":true`,
			with(func(r *request) { r.Body, r.Length = "\xff\x00a", 3 }),
		},
		"text": {
			urlV2 + `"/thing/a%2Fb","headers":{"host":"h","content-length":"6"},"body":"안녕"`,
			with(func(r *request) { r.Body, r.Length = "안녕", 6 }),
		},
		"text that may have been sent as invalid UTF-8": {
			urlV2 + `"/thing/a%2Fb","headers":{"host":"h","content-length":"5"},"body":"a\ufffdb"`,
			with(func(r *request) { r.Body, r.Length = "a\xffb", 3 }),
		},
		"a replacement character in base64": {
			urlV2 + `"/thing/a%2Fb",` + host + `,"body":"77+9","isBase64Encoded":true`,
			with(func(r *request) { r.Body, r.Length = "\uFFFD", 3 }),
		},
		"a stage": {
			stageV2 + `"/prod/thing/a b",` + host, with(func(r *request) {
				r.Target, r.Escaped, r.ID, r.Query = "/thing/a%20b", "/thing/a%20b", "a b", ""
			}),
		},
		"a function URL's path that looks like a stage's": {
			urlV2 + `"/thing/prod",` + host, with(func(r *request) {
				r.Target, r.Escaped, r.ID = "/thing/prod?c=%20d", "/thing/prod", "prod"
			}),
		},
		"a mapping": {
			`"httpMethod":"POST","requestContext":{"identity":{` + address + `}},"path":"/base/v1/thing/a%2Fb",` + host,
			with(func(r *request) { r.Target, r.Query = "/thing/a%2Fb", "" }),
		},
		"headers that differ in case": {
			v1 + `,"multiValueHeaders":{"host":["b"],"Host":["a"],"HOST":["h"]}`,
			with(func(r *request) { r.Target, r.Query = "/thing/a%2Fb", "" }),
		},
		"fields of unusual types": {
			v1 + `,"headers":{"host":"h"},"pathParameters":{"id":5},"stageVariables":[],"multiValueHeaders":null`,
			with(func(r *request) { r.Target, r.Query = "/thing/a%2Fb", "" }),
		},
		"a context of unusual types": {
			`"version":"2.0","rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","requestContext":{"authorizer":[],` +
				`"timeEpoch":"1","domainName":"x.lambda-url.a","http":{"method":"POST",` + address + `}},` + host,
			common,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got request
			lambda := newTestInvoker(t, time.Minute, func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = request{
					r.RequestURI, r.URL.EscapedPath(), r.PathValue("id"), r.URL.RawQuery, r.Host, r.RemoteAddr,
					r.Header.Get("X-Forwarded-For"), string(body), r.ContentLength,
				}
			})
			if _, err := lambda.Invoke(t.Context(), []byte("{"+c.event+"}")); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("the handler got\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestEventThatIsNoRequest(t *testing.T) {
	t.Parallel()
	const v2 = `{"version":"2.0","rawPath":"/thing/1",`
	for name, event := range map[string]string{
		"no JSON": `{`, "empty": ``, "null": `null`, "a list": `[]`,
		"another service's":       `{"source":"aws.events","detail":{}}`,
		"no method":               v2 + `"requestContext":{"http":{}}}`,
		"a malformed method":      v2 + `"requestContext":{"http":{"method":"GE T"}}}`,
		"headers of another type": v2 + `"headers":[],"requestContext":{"http":{"method":"GET"}}}`,
	} {
		lambda := newTestInvoker(t, time.Minute, func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s reached the handler", name)
		})
		response, err := lambda.Invoke(t.Context(), []byte(event))
		if err == nil || !strings.HasPrefix(err.Error(), "read the event: ") {
			t.Errorf("%s: %s, %v", name, response, err)
		}
	}
}

// A request that an HTTP server would refuse before its handler gets a response as any other error,
// not a function error.
func TestEventOfMalformedRequest(t *testing.T) {
	t.Parallel()
	const get = `"requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.a.on.aws"}}`
	for name, event := range map[string]string{
		"a bare %":       `{"version":"2.0","rawPath":"/thing/%",` + get,
		"no path at all": `{"version":"2.0","rawPath":"","requestContext":{"http":{"method":"GET"}}}`,
		"a control":      `{"httpMethod":"GET","path":"/thing/\u0001","requestContext":{"elb":{}},"headers":{"a":"b"}}`,
		"bad base64": `{"version":"2.0","rawPath":"/thing/1","requestContext":{"http":{"method":"POST"}},` +
			`"body":"%","isBase64Encoded":true}`,
	} {
		lambda := newTestInvoker(t, time.Minute, func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s reached the handler", name)
		})
		response := invoke(t, lambda, event)
		if response.StatusCode != http.StatusBadRequest ||
			!strings.HasPrefix(response.Body, `{"result":"Bad Request","hint":"The `) {
			t.Errorf("%s: %+v", name, response)
		}
	}
}

type lambdaResponse struct {
	StatusCode        int
	StatusDescription string
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Body              string
	IsBase64Encoded   bool
}

func invoke(t *testing.T, i invoker, event string) (response lambdaResponse) {
	t.Helper()
	encoded, err := i.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &response); err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	return response
}

func TestResponseToLoadBalancer(t *testing.T) {
	t.Parallel()
	lambda := newTestInvoker(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Several"] = []string{"a", "b"}
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte{0xff})
	})
	const event = `{"httpMethod":"GET","path":"/thing/1","requestContext":{"elb":{}},%q:%s}`
	single := invoke(t, lambda, fmt.Sprintf(event, "headers", `{"a":"b"}`))
	if single.Headers["X-Several"] != "a, b" || len(single.MultiValueHeaders) > 0 {
		t.Errorf("the event had one value a header: %+v", single)
	}
	several := invoke(t, lambda, fmt.Sprintf(event, "multiValueHeaders", `{"a":["b"]}`))
	if len(several.MultiValueHeaders["X-Several"]) != 2 || len(several.Headers) > 0 {
		t.Errorf("the event had several values a header: %+v", several)
	}
	for _, r := range []lambdaResponse{single, several} {
		if r.StatusCode != 418 || r.StatusDescription != "418 I'm a teapot" || r.Body != "/w==" || !r.IsBase64Encoded {
			t.Errorf("%+v", r)
		}
		connection, length := r.MultiValueHeaders["Connection"], r.MultiValueHeaders["Content-Length"]
		if r.Headers["Connection"] != "" || connection != nil || length != nil {
			t.Errorf("the response has headers of the connection, which are the gateway's: %+v", r)
		}
	}
}

// The 504 must be sent before Lambda ends the invocation, and no later than the request's own time
// limit.
func TestInvocationTimesOut(t *testing.T) {
	t.Parallel()
	const event = `{"version":"2.0","rawPath":"/slow","requestContext":{"http":{"method":"GET"}}}`
	for _, c := range []struct{ limit, left, want time.Duration }{
		{time.Minute, 800 * time.Millisecond, 300 * time.Millisecond},
		{100 * time.Millisecond, time.Minute, 100 * time.Millisecond},
		{time.Minute, 100 * time.Millisecond, 0},
	} {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), c.left)
		encoded, err := newTestInvoker(t, c.limit, http.NotFound).Invoke(ctx, []byte(event))
		took := time.Since(start)
		cancel()
		if err != nil || !strings.Contains(string(encoded), `"statusCode":504`) {
			t.Errorf("%+v: %s, %v", c, encoded, err)
		}
		if took < c.want || took > c.want+400*time.Millisecond {
			t.Errorf("%+v: took %v", c, took)
		}
	}
}
