package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/akrylysov/algnhsa"
)

// An event is what an invocation tells of the request behind it.
type event struct {
	kind    algnhsa.RequestType
	payload []byte // for algnhsa: what it would misread has been taken out
	target  string // the path and the query, as sent as far as the event tells
	host    string
	source  string // the caller's address, by the word of the gateway and never by the caller's own
	single  bool   // a load balancer that takes one value a header
	binary  bool   // the answer's body was written as base64
}

// envelope is those parts of every kind of event that are read here.
type envelope struct {
	Version                         string
	RawPath, RawQueryString         string // API Gateway's payload 2.0, and Function URLs
	HTTPMethod, Path                string // the others
	Headers                         map[string]string
	MultiValueHeaders               map[string][]string
	QueryStringParameters           map[string]string
	MultiValueQueryStringParameters map[string][]string
	RequestContext                  struct {
		AccountID  string
		DomainName string
		ELB        *struct{}
		HTTP       struct{ Method, SourceIP string }
		Identity   struct{ SourceIP string }
	}
}

// readEvent tells the kinds apart and finds in each what the request was. A payload that is no HTTP request's is an error.
func readEvent(payload []byte) (*event, error) {
	var fields map[string]json.RawMessage
	var in envelope
	if err := errors.Join(json.Unmarshal(payload, &fields), json.Unmarshal(payload, &in)); err != nil {
		return nil, fmt.Errorf("it is no event of an API Gateway, a Function URL or a load balancer: %w", err)
	}
	var e *event
	host := takeHost(in)
	replaced := map[string]any{}
	switch {
	case in.Version == "2.0" && in.RequestContext.HTTP.Method != "":
		e = gatewayV2(in)
		replaced["rawPath"], replaced["rawQueryString"] = "/", ""
	case in.RequestContext.ELB != nil && in.HTTPMethod != "":
		e = balancer(in)
		if e.single {
			in.MultiValueHeaders = map[string][]string{}
			for name, value := range in.Headers {
				in.MultiValueHeaders[name] = []string{value}
			}
			in.Headers = nil
		}
		if len(in.MultiValueHeaders) == 0 { // algnhsa takes none at all for a wrong setting
			in.MultiValueHeaders = map[string][]string{"x-forwarded-for": {e.source}}
		}
		replaced["path"] = "/"
		replaced["requestContext"] = map[string]any{"elb": map[string]string{"targetGroupArn": "-"}}
	case in.HTTPMethod != "" && fields["requestContext"] != nil:
		e = gatewayV1(in)
		replaced["path"] = "/"
		replaced["requestContext"] = map[string]string{"accountId": "-"} // not every gateway names one, and algnhsa insists
	default:
		return nil, errors.New("it is no event of an API Gateway, a Function URL or a load balancer")
	}
	e.host = host
	replaced["headers"], replaced["multiValueHeaders"] = in.Headers, in.MultiValueHeaders
	delete(fields, "queryStringParameters")
	delete(fields, "multiValueQueryStringParameters")
	for name, value := range replaced {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fields[name] = encoded
	}
	var err error
	if e.payload, err = json.Marshal(fields); err != nil {
		return nil, fmt.Errorf("write it anew: %w", err)
	}
	return e, nil
}

// gatewayV2 reads payload 2.0. A Function URL's path is as sent; an HTTP API's is decoded already, so that a slash in it may
// have been %2F: that cannot be told any more.
func gatewayV2(in envelope) *event {
	path := in.RawPath
	if !strings.Contains(in.RequestContext.DomainName, ".lambda-url.") {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	return &event{
		kind: algnhsa.RequestTypeAPIGatewayV2, source: in.RequestContext.HTTP.SourceIP,
		target: target(path, in.RawQueryString),
	}
}

// gatewayV1 reads a REST API's event. Its path is as sent, its query is decoded.
func gatewayV1(in envelope) *event {
	query := url.Values(in.MultiValueQueryStringParameters)
	if query == nil {
		query = url.Values{}
	}
	for name, value := range in.QueryStringParameters {
		if !query.Has(name) {
			query.Set(name, value)
		}
	}
	return &event{
		kind: algnhsa.RequestTypeAPIGatewayV1, source: in.RequestContext.Identity.SourceIP,
		target: target(in.Path, query.Encode()),
	}
}

// balancer reads a load balancer's event. Path and query are as sent. The balancer adds the caller's address to those that the
// caller claims, so the last one is true.
func balancer(in envelope) *event {
	e := &event{kind: algnhsa.RequestTypeALB, single: in.MultiValueHeaders == nil}
	for name, values := range in.MultiValueHeaders {
		if strings.EqualFold(name, "X-Forwarded-For") && len(values) > 0 {
			e.source = values[len(values)-1]
		}
	}
	for name, value := range in.Headers {
		if e.single && strings.EqualFold(name, "X-Forwarded-For") {
			e.source = value
		}
	}
	e.source = strings.TrimSpace(e.source[strings.LastIndex(e.source, ",")+1:])

	query := in.MultiValueQueryStringParameters
	if query == nil {
		query = map[string][]string{}
	}
	for name, value := range in.QueryStringParameters {
		if len(query[name]) == 0 {
			query[name] = []string{value}
		}
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	e.target = target(in.Path, strings.Join(pairs, "&"))
	return e
}

func target(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// takeHost moves the Host header out of the others, as net/http does.
func takeHost(in envelope) (host string) {
	for name, value := range in.Headers {
		if strings.EqualFold(name, "Host") {
			host = value
			delete(in.Headers, name)
		}
	}
	for name, values := range in.MultiValueHeaders {
		if strings.EqualFold(name, "Host") && len(values) > 0 {
			host = values[0]
			delete(in.MultiValueHeaders, name)
		}
	}
	return host
}

// finish turns algnhsa's answer into the one that goes out.
func (e *event) finish(answer []byte) ([]byte, error) {
	if !e.binary && e.kind != algnhsa.RequestTypeALB {
		return answer, nil
	}
	var fields map[string]json.RawMessage
	var head struct {
		StatusCode        int
		MultiValueHeaders map[string][]string
	}
	if err := errors.Join(json.Unmarshal(answer, &fields), json.Unmarshal(answer, &head)); err != nil {
		return nil, fmt.Errorf("finish the answer: %w", err)
	}
	added := map[string]any{}
	if e.binary {
		added["isBase64Encoded"] = true
	}
	if e.kind == algnhsa.RequestTypeALB {
		added["statusDescription"] = fmt.Sprintf("%d %s", head.StatusCode, http.StatusText(head.StatusCode))
	}
	if e.single {
		headers := map[string]string{}
		for name, values := range head.MultiValueHeaders {
			headers[name] = strings.Join(values, ", ")
		}
		added["headers"] = headers
		delete(fields, "multiValueHeaders")
	}
	for name, value := range added {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("finish the answer: %w", err)
		}
		fields[name] = encoded
	}
	return json.Marshal(fields)
}
