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

// seeing serves one handler at every path that the tests of this file ask for.
func seeing(t *testing.T, limit time.Duration, see http.HandlerFunc) invoker {
	t.Helper()
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /thing/{id}", see)
		a.Handle("POST /thing/{id}", see)
		api.Register(a, api.Route{Method: http.MethodGet, Path: "/slow", Access: api.Public},
			func(ctx context.Context, _ *struct{}) (*struct{}, error) { <-ctx.Done(); return nil, ctx.Err() })
	}
	return newInvoker(NewHandler("test", routes, Deps{}, Settings{Timeout: limit, Log: slog.New(slog.DiscardHandler)}))
}

// What an event says of a request must reach the handler as an HTTP server would have handed it on.
func TestEventBecomesTheRequest(t *testing.T) {
	t.Parallel()
	const (
		v2  = `"version":"2.0","requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.1"},"domainName":"x.lambda-url.eu-west-1.on.aws"}`
		api = `"version":"2.0","requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.1"},"domainName":"x.execute-api.eu-west-1.amazonaws.com"}`
		v1  = `"httpMethod":"POST","requestContext":{"identity":{"sourceIp":"192.0.2.1"}}`
		alb = `"httpMethod":"POST","requestContext":{"elb":{"targetGroupArn":"arn"}}`
	)
	type seen struct {
		Target, Escaped, ID, Query, Host, Remote, Forwarded, Body string
		Length                                                    int64
	}
	common := seen{Target: "/thing/a%2Fb?c=%20d", Escaped: "/thing/a%2Fb", ID: "a/b", Query: "c=%20d", Host: "h", Remote: "192.0.2.1:0", Forwarded: "192.0.2.1"}
	with := func(change func(*seen)) seen { s := common; change(&s); return s }
	for name, c := range map[string]struct {
		event string
		want  seen
	}{
		"a Function URL's": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h"}}`, common},
		"an HTTP API's decoded path": {`{` + api + `,"rawPath":"/thing/a% b","rawQueryString":"c=%20d","headers":{"host":"h"}}`, with(func(s *seen) {
			s.Target, s.Escaped, s.ID = "/thing/a%25%20b?c=%20d", "/thing/a%25%20b", "a% b"
		})},
		"a claimed address": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h","x-forwarded-for":"6.6.6.6"}}`, common},
		"an impossible host": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"%zz]"}}`,
			with(func(s *seen) { s.Host = "%zz]" })},
		"a REST API's, without an account": {`{` + v1 + `,"path":"/thing/a%2Fb","multiValueQueryStringParameters":{"c":[" d"]},"multiValueHeaders":{"Host":["h"]}}`,
			with(func(s *seen) { s.Target, s.Query = "/thing/a%2Fb?c=+d", "c=+d" })},
		"a REST API's, of single values": {`{` + v1 + `,"path":"/thing/a%2Fb","queryStringParameters":{"c":" d"},"headers":{"Host":"h"}}`,
			with(func(s *seen) { s.Target, s.Query = "/thing/a%2Fb?c=+d", "c=+d" })},
		"a load balancer's": {`{` + alb + `,"path":"/thing/a%2Fb","multiValueQueryStringParameters":{"c":["%20d"]},"multiValueHeaders":{"host":["h"],"x-forwarded-for":["6.6.6.6, 192.0.2.1"]}}`,
			common},
		"a load balancer's, of single values": {`{` + alb + `,"path":"/thing/a%2Fb","queryStringParameters":{"c":"%20d"},"headers":{"host":"h","x-forwarded-for":"6.6.6.6,192.0.2.1"}}`,
			common},
		"a load balancer's without a header": {`{` + alb + `,"path":"/thing/a%2Fb","multiValueQueryStringParameters":{"c":["%20d"]},"multiValueHeaders":{}}`,
			with(func(s *seen) { s.Host, s.Remote, s.Forwarded = "", ":0", "" })},
		"base64": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h"},"body":"/wBh","isBase64Encoded":true}`,
			with(func(s *seen) { s.Body, s.Length = "\xff\x00a", 3 })},
		"text": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h","content-length":"6"},"body":"안녕"}`,
			with(func(s *seen) { s.Body, s.Length = "안녕", 6 })},
		"text that was no text": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h","content-length":"3"},"body":"a\ufffdb"}`,
			with(func(s *seen) { s.Body, s.Length = "a\xffb", 3 })},
		"a replacement character that was sent": {`{` + v2 + `,"rawPath":"/thing/a%2Fb","rawQueryString":"c=%20d","headers":{"host":"h","content-length":"5"},"body":"a\ufffdb"}`,
			with(func(s *seen) { s.Body, s.Length = "a\uFFFDb", 5 })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got seen
			lambda := seeing(t, time.Minute, func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = seen{r.RequestURI, r.URL.EscapedPath(), r.PathValue("id"), r.URL.RawQuery, r.Host, r.RemoteAddr, r.Header.Get("X-Forwarded-For"), string(body), r.ContentLength}
			})
			if _, err := lambda.Invoke(t.Context(), []byte(c.event)); err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("the handler saw\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestEventThatIsNoRequest(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"no JSON": `{`, "empty": ``, "null": `null`, "another service's": `{"source":"aws.events","detail":{}}`, "a list": `[]`,
		"no method":               `{"version":"2.0","rawPath":"/thing/1","requestContext":{"http":{}}}`,
		"a method that is none":   `{"version":"2.0","rawPath":"/thing/1","requestContext":{"http":{"method":"GE T"}}}`,
		"headers of another type": `{"version":"2.0","rawPath":"/thing/1","headers":[],"requestContext":{"http":{"method":"GET"}}}`,
	} {
		lambda := seeing(t, time.Minute, func(http.ResponseWriter, *http.Request) { t.Errorf("%s reached the handler", name) })
		answer, err := lambda.Invoke(t.Context(), []byte(event))
		if err == nil || !strings.HasPrefix(err.Error(), "read the event: ") {
			t.Errorf("%s: %s, %v", name, answer, err)
		}
	}
}

// What an HTTP server would refuse before any handler is refused in the contract's shape, and not by a function error.
func TestEventThatIsNoGoodRequest(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"a bare %":       `{"version":"2.0","rawPath":"/thing/%","requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.a.on.aws"}}`,
		"no path at all": `{"version":"2.0","rawPath":"","requestContext":{"http":{"method":"GET"}}}`,
		"a control":      `{"httpMethod":"GET","path":"/thing/\u0001","requestContext":{"elb":{}},"headers":{"a":"b"}}`,
		"bad base64":     `{"version":"2.0","rawPath":"/thing/1","requestContext":{"http":{"method":"POST"}},"body":"%","isBase64Encoded":true}`,
	} {
		lambda := seeing(t, time.Minute, func(http.ResponseWriter, *http.Request) { t.Errorf("%s reached the handler", name) })
		answer := invoked(t, lambda, event)
		if answer.StatusCode != http.StatusBadRequest || !strings.HasPrefix(answer.Body, `{"result":"Bad Request","hint":"The `) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

type lambdaAnswer struct {
	StatusCode        int
	StatusDescription string
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Body              string
	IsBase64Encoded   bool
}

func invoked(t *testing.T, i invoker, event string) (answer lambdaAnswer) {
	t.Helper()
	encoded, err := i.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(encoded, &answer); err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	return answer
}

func TestAnswerOfALoadBalancer(t *testing.T) {
	t.Parallel()
	lambda := seeing(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Several"] = []string{"a", "b"}
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte{0xff})
	})
	const event = `{"httpMethod":"GET","path":"/thing/1","requestContext":{"elb":{}},%q:%s}`
	single := invoked(t, lambda, fmt.Sprintf(event, "headers", `{"a":"b"}`))
	if single.Headers["X-Several"] != "a, b" || len(single.MultiValueHeaders) > 0 {
		t.Errorf("one value a header was asked for: %+v", single)
	}
	several := invoked(t, lambda, fmt.Sprintf(event, "multiValueHeaders", `{"a":["b"]}`))
	if len(several.MultiValueHeaders["X-Several"]) != 2 || len(several.Headers) > 0 {
		t.Errorf("several values a header were asked for: %+v", several)
	}
	for _, answer := range []lambdaAnswer{single, several} {
		if answer.StatusCode != 418 || answer.StatusDescription != "418 I'm a teapot" || answer.Body != "/w==" || !answer.IsBase64Encoded {
			t.Errorf("%+v", answer)
		}
		if answer.Headers["Connection"] != "" || answer.MultiValueHeaders["Connection"] != nil || answer.MultiValueHeaders["Content-Length"] != nil {
			t.Errorf("the connection's headers are the gateway's: %+v", answer)
		}
	}
}

// The 504 must be out before Lambda ends the invocation, and no later than the function's own limit.
func TestInvocationRunsOutOfTime(t *testing.T) {
	t.Parallel()
	const event = `{"version":"2.0","rawPath":"/slow","requestContext":{"http":{"method":"GET"}}}`
	for _, c := range []struct{ limit, left, want time.Duration }{
		{time.Minute, 800 * time.Millisecond, 300 * time.Millisecond},
		{100 * time.Millisecond, time.Minute, 100 * time.Millisecond},
		{time.Minute, 100 * time.Millisecond, 0},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), c.left)
		start := time.Now()
		encoded, err := seeing(t, c.limit, http.NotFound).Invoke(ctx, []byte(event))
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
