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

// A request is what a gateway makes an event of.
type request struct {
	method, path, query string // as sent
	header              http.Header
	body                []byte
	source              string // the client's address
}

// readRequest reads the request and adds the headers that a gateway adds.
func readRequest(r *http.Request) (request, error) {
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
	// A gateway keeps the addresses that the client sent, and appends the one that it sees.
	in.header.Set("X-Forwarded-For", strings.Join(append(in.header.Values("X-Forwarded-For"), in.source), ", "))
	in.header.Set("X-Forwarded-Proto", "https")
	in.header.Set("X-Forwarded-Port", "443")
	in.header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
	return in, nil
}

// httpAPI makes an event with payload 2.0. An HTTP API decodes the path, and a decoded question
// mark ends it.
func httpAPI(in request) any {
	path, _, _ := strings.Cut(decode(in.path, false), "?")
	return payloadV2(in, path, "a1b2c3.execute-api.ap-northeast-2.amazonaws.com")
}

// functionURL makes an event with payload 2.0 and the path as sent.
func functionURL(in request) any {
	return payloadV2(in, in.path, "abcdefghij.lambda-url.ap-northeast-2.on.aws")
}

// payloadV2 makes an event with payload 2.0.
func payloadV2(in request, path, domain string) object {
	event := object{
		"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": in.query,
		"requestContext": object{
			"accountId": "123456789012", "apiId": "a1b2c3",
			"domainName": domain, "domainPrefix": strings.Split(domain, ".")[0],
			"http": object{
				"method": in.method, "path": path, "protocol": "HTTP/1.1",
				"sourceIp": in.source, "userAgent": in.header.Get("User-Agent"),
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
		event["body"], event["isBase64Encoded"] = bodyText(in)
	}
	return event
}

// restAPI makes an event with payload 1.0, of an API without binary media types: every body is
// text. The path is as sent. The query is decoded, and a semicolon separates its parameters too.
func restAPI(in request) any {
	event := object{
		"resource": "/{proxy+}", "path": in.path, "httpMethod": in.method,
		"headers": lastValues(in.header, false), "multiValueHeaders": in.header,
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
		event["queryStringParameters"], event["multiValueQueryStringParameters"] = lastValues(query, false), query
	}
	if len(in.body) > 0 {
		event["body"] = string(in.body)
	}
	return event
}

// loadBalancer makes the event of a load balancer whose target group has multi-value headers.
func loadBalancer(in request) any {
	event := albEvent(in)
	event["multiValueHeaders"] = lowerNames(in.header)
	event["multiValueQueryStringParameters"] = parameters(in.query, "&", false)
	return event
}

// singleValueLoadBalancer makes the event of a load balancer without multi-value headers, which
// passes on the last of several values.
func singleValueLoadBalancer(in request) any {
	event := albEvent(in)
	event["headers"] = lastValues(in.header, true)
	event["queryStringParameters"] = lastValues(parameters(in.query, "&", false), false)
	return event
}

// albEvent makes the parts of a load balancer's event that both kinds have. Path and query are as
// sent.
func albEvent(in request) object {
	const targetGroup = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/minifb/6d0ecf831eec9f09"
	event := object{
		"requestContext": object{"elb": object{"targetGroupArn": targetGroup}},
		"httpMethod":     in.method, "path": in.path, "body": "", "isBase64Encoded": false,
	}
	if len(in.body) > 0 {
		event["body"], event["isBase64Encoded"] = bodyText(in)
	}
	return event
}

// bodyText returns the body as the event has it: as it is if its media type is a text type, and in
// base64 otherwise. JSON cannot hold bytes of a text that are not UTF-8: they are replaced.
func bodyText(in request) (body string, encoded bool) {
	media, _, _ := strings.Cut(in.header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	textTypes := []string{"application/json", "application/javascript", "application/xml"}
	isText := strings.HasPrefix(media, "text/") || slices.Contains(textTypes, media)
	if isText && in.header.Get("Content-Encoding") == "" {
		return string(in.body), false
	}
	return base64.StdEncoding.EncodeToString(in.body), true
}

// parameters returns the parameters of a query, each with its values in order.
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

// decode decodes percent-encoding, and returns s itself if it is malformed.
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

// lowerNames returns the headers with names in lower case.
func lowerNames(header http.Header) map[string][]string {
	lower := map[string][]string{}
	for name, values := range header {
		lower[strings.ToLower(name)] = values
	}
	return lower
}

// lastValues returns the last value of each name, with names in lower case if lower is set.
func lastValues(values map[string][]string, lower bool) map[string]string {
	lasts := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key := name
		if lower {
			key = strings.ToLower(name)
		}
		lasts[key] = values[name][len(values[name])-1]
	}
	return lasts
}
