package lambdatest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// newRequest returns a request of which each gateway makes a different event.
func newRequest(t *testing.T, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.RequestURI, r.Host, r.RemoteAddr = "/a%2Fb%3Fc?x=%20&x=2&y", "h", "192.0.2.1:5"
	r.Header = http.Header{
		"X-Two": {"1", "2"}, "Cookie": {"a=b; c=d"}, "X-Forwarded-For": {"6.6.6.6"},
		"Content-Type": {"application/json; charset=utf-8"},
	}
	return r
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		gateway Gateway
		want    map[string]string // by the path to a field
	}{
		{HTTPAPI, map[string]string{
			"version": "2.0", "rawPath": "/a/b", "rawQueryString": "x=%20&x=2&y", "queryStringParameters x": " ,2",
			"headers x-two": "1,2", "headers cookie": "<nil>", "cookies": "[a=b c=d]",
			"headers x-forwarded-for": "6.6.6.6, 192.0.2.1", "headers host": "h",
			"body": "{}", "isBase64Encoded": "false", "requestContext http method": "POST",
			"requestContext stage": "$default", "requestContext http sourceIp": "192.0.2.1",
		}},
		{FunctionURL, map[string]string{
			"version": "2.0", "rawPath": "/a%2Fb%3Fc", "requestContext http path": "/a%2Fb%3Fc",
			"requestContext domainName": "abcdefghij.lambda-url.ap-northeast-2.on.aws",
		}},
		{RESTAPI, map[string]string{
			"path": "/a%2Fb%3Fc", "httpMethod": "POST", "headers X-Two": "2", "multiValueHeaders X-Two": "[1 2]",
			"queryStringParameters x": "2", "multiValueQueryStringParameters x": "[  2]",
			"requestContext identity sourceIp": "192.0.2.1", "requestContext accountId": "123456789012", "body": "{}",
		}},
		{LoadBalancer, map[string]string{
			"path": "/a%2Fb%3Fc", "headers": "<nil>", "multiValueHeaders x-two": "[1 2]",
			"multiValueQueryStringParameters x": "[%20 2]", "body": "{}",
			"multiValueHeaders x-forwarded-for": "[6.6.6.6, 192.0.2.1]",
		}},
		{SingleValues, map[string]string{
			"path": "/a%2Fb%3Fc", "multiValueHeaders": "<nil>", "headers x-two": "2", "queryStringParameters x": "2",
			"queryStringParameters y": "",
		}},
	} {
		t.Run(c.gateway.Name, func(t *testing.T) {
			t.Parallel()
			var event map[string]any
			response, err := c.gateway.Do(func(_ context.Context, payload []byte) ([]byte, error) {
				return []byte(`{"statusCode":200}`), json.Unmarshal(payload, &event)
			}, newRequest(t, "{}"))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			for path, want := range c.want {
				var value any = event
				for name := range strings.FieldsSeq(path) {
					object, _ := value.(map[string]any)
					value = object[name]
				}
				if got := fmt.Sprint(value); got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
		})
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	const (
		result = `{"statusCode":401,"headers":{"A":"single"},
			"multiValueHeaders":{"A":["1","2"],"WWW-Authenticate":["Bearer"]},
			"cookies":["c=d"],"body":"YQ==","isBase64Encoded":true}`
		failed = " map[Content-Length:[35] Content-Type:[application/json]] "
	)
	for _, c := range []struct {
		gateway Gateway
		result  string
		failure error
		want    string
	}{
		{HTTPAPI, result, nil, "401 map[A:[single] Content-Length:[1] Set-Cookie:[c=d]] a"},
		{RESTAPI, result, nil, "401 map[A:[1 2] Content-Length:[1] Content-Type:[application/json] " +
			"X-Amzn-Remapped-Www-Authenticate:[Bearer]] a"},
		{LoadBalancer, result, nil, "401 map[A:[1 2] Content-Length:[1] Www-Authenticate:[Bearer]] a"},
		{SingleValues, result, nil, "401 map[A:[single] Content-Length:[1]] a"},
		{HTTPAPI, "", Failure{Message: "m"}, `500` + failed + `{"message":"Internal Server Error"}`},
		{RESTAPI, "no JSON", nil, `502` + failed + `{"message":"Internal server error"}`},
		{FunctionURL, `{"statusCode":200,"body":"!","isBase64Encoded":true}`, nil,
			`502` + failed + `{"message":"Internal Server Error"}`},
		{LoadBalancer, strings.Repeat(" ", maxALB+1), nil, "502 map[Content-Length:[56] Content-Type:[text/html]] " +
			"<html><head><title>502 Bad Gateway</title></head></html>"},
	} {
		invoke := func(context.Context, []byte) ([]byte, error) { return []byte(c.result), c.failure }
		response, err := c.gateway.Do(invoke, newRequest(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		got := fmt.Sprint(response.StatusCode, " ", map[string][]string(response.Header), " ", string(body))
		if got != c.want {
			t.Errorf("%s makes of %.40q, %v\n%s, want\n%s", c.gateway.Name, c.result, c.failure, got, c.want)
		}
	}
}
