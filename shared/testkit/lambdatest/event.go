package lambdatest

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// object is a JSON object.
type object map[string]any

// A request is what gateways make events of.
type request struct {
	method, path, query string // as sent
	header              http.Header
	body                []byte
	source              string // the caller's address
}

func read(r *http.Request) (request, error) {
	in := request{method: r.Method, header: r.Header.Clone()}
	in.path, in.query, _ = strings.Cut(r.RequestURI, "?")
	if r.Body != nil {
		var err error
		if in.body, err = io.ReadAll(r.Body); err != nil {
			return in, fmt.Errorf("read the body: %w", err)
		}
	}
	in.source, _, _ = net.SplitHostPort(r.RemoteAddr)
	if in.header == nil {
		in.header = http.Header{}
	}
	in.header.Set("Host", r.Host)
	if len(in.body) > 0 {
		in.header.Set("Content-Length", fmt.Sprint(len(in.body)))
	}
	// What the caller claims stays, and the address that is known comes last.
	in.header.Set("X-Forwarded-For", strings.Join(append(in.header.Values("X-Forwarded-For"), in.source), ", "))
	in.header.Set("X-Forwarded-Proto", "https")
	in.header.Set("X-Forwarded-Port", "443")
	in.header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
	return in, nil
}

// httpAPI decodes the path, and what is a question mark then ends it.
func httpAPI(in request) any {
	path, _, _ := strings.Cut(decode(in.path, false), "?")
	return v2(in, path, "a1b2c3.execute-api.ap-northeast-2.amazonaws.com")
}

// functionURL passes the path as sent.
func functionURL(in request) any {
	return v2(in, in.path, "abcdefghij.lambda-url.ap-northeast-2.on.aws")
}

func v2(in request, path, domain string) object {
	event := object{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": in.query,
		"requestContext": object{
			"accountId": "123456789012", "apiId": "a1b2c3", "domainName": domain, "domainPrefix": strings.Split(domain, ".")[0],
			"http": object{
				"method": in.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": in.source, "userAgent": in.header.Get("User-Agent"),
			},
			"requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": "$default",
			"time": time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), "timeEpoch": time.Now().UnixMilli(),
		},
	}
	headers := map[string]string{}
	for name, values := range in.header {
		if name == "Cookie" {
			event["cookies"] = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	event["headers"] = headers
	if in.query != "" {
		joined := map[string]string{}
		for name, values := range parameters(in.query, "&", true) {
			joined[name] = strings.Join(values, ",")
		}
		event["queryStringParameters"] = joined
	}
	event["isBase64Encoded"] = false
	if len(in.body) > 0 {
		event["body"], event["isBase64Encoded"] = text(in)
	}
	return event
}

// restAPI has no binary media types: every body is text to it. It passes the path as sent, decodes the query, and parts it at
// semicolons too.
func restAPI(in request) any {
	event := object{
		"resource": "/{proxy+}", "path": in.path, "httpMethod": in.method,
		"headers": last(in.header, false), "multiValueHeaders": in.header,
		"queryStringParameters": nil, "multiValueQueryStringParameters": nil,
		"pathParameters": object{"proxy": strings.TrimPrefix(in.path, "/")}, "stageVariables": nil,
		"requestContext": object{
			"accountId": "123456789012", "apiId": "a1b2c3", "resourceId": "x1y2z3", "resourcePath": "/{proxy+}",
			"path": "/prod" + in.path, "stage": "prod", "httpMethod": in.method, "protocol": "HTTP/1.1",
			"identity":  object{"sourceIp": in.source, "userAgent": in.header.Get("User-Agent")},
			"requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "requestTimeEpoch": time.Now().UnixMilli(),
		},
		"body": nil, "isBase64Encoded": false,
	}
	if query := parameters(in.query, "&;", true); len(query) > 0 {
		event["queryStringParameters"], event["multiValueQueryStringParameters"] = last(query, false), query
	}
	if len(in.body) > 0 {
		event["body"] = string(in.body)
	}
	return event
}

func balancer(in request) any {
	event := balanced(in)
	event["multiValueHeaders"] = lowered(in.header)
	event["multiValueQueryStringParameters"] = parameters(in.query, "&", false)
	return event
}

func singleBalancer(in request) any {
	event := balanced(in)
	event["headers"] = last(in.header, true)
	event["queryStringParameters"] = last(parameters(in.query, "&", false), false)
	return event
}

// balanced has path and query as sent.
func balanced(in request) object {
	event := object{
		"requestContext": object{"elb": object{
			"targetGroupArn": "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/minifb/6d0ecf831eec9f09",
		}},
		"httpMethod": in.method, "path": in.path, "body": "", "isBase64Encoded": false,
	}
	if len(in.body) > 0 {
		event["body"], event["isBase64Encoded"] = text(in)
	}
	return event
}

// text is the body as it stands in the event: as it is where its type is one of text, although JSON has no place for bytes that
// are not UTF-8, and else as base64.
func text(in request) (body string, encoded bool) {
	media, _, _ := strings.Cut(in.header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	plain := []string{"application/json", "application/javascript", "application/xml"}
	if in.header.Get("Content-Encoding") == "" && (strings.HasPrefix(media, "text/") || slices.Contains(plain, media)) {
		return string(in.body), false
	}
	return base64.StdEncoding.EncodeToString(in.body), true
}

// parameters are a query's, each with its values in order.
func parameters(query, separators string, decoded bool) map[string][]string {
	all := map[string][]string{}
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		name, value, _ := strings.Cut(pair, "=")
		if decoded {
			name, value = decode(name, true), decode(value, true)
		}
		all[name] = append(all[name], value)
	}
	return all
}

// decode leaves what is malformed as it is.
func decode(s string, query bool) string {
	unescape := url.PathUnescape
	if query {
		unescape = url.QueryUnescape
	}
	if decoded, err := unescape(s); err == nil {
		return decoded
	}
	return s
}

func lowered(header http.Header) map[string][]string {
	lower := map[string][]string{}
	for name, values := range header {
		lower[strings.ToLower(name)] = values
	}
	return lower
}

func last(values map[string][]string, lower bool) map[string]string {
	one := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key := name
		if lower {
			key = strings.ToLower(name)
		}
		one[key] = values[name][len(values[name])-1]
	}
	return one
}
