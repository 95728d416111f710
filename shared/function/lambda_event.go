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

// An event is what an invocation says about its request.
type event struct {
	kind         algnhsa.RequestType
	payload      []byte // for algnhsa, without what it would misread
	target       string // the path and the query, as sent, so far as the event has them
	host         string
	source       string // the client's address, as the gateway reports it
	singleValues bool   // from a load balancer that uses one value a header
	isBase64     bool   // the response's body was written as base64
}

// An envelope has the parts of all kinds of events that are read here.
type envelope struct {
	Version                         string
	RawPath, RawQueryString         string // of an HTTP API (payload 2.0) and of a function URL
	HTTPMethod, Path                string // of the others
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

var errNoRequest = errors.New("not the event of an API Gateway, a function URL or a load balancer")

// readEvent reads an event of any kind. It returns an error for a payload that is not an HTTP
// request's.
func readEvent(payload []byte) (*event, error) {
	var fields map[string]json.RawMessage
	var in envelope
	err := errors.Join(json.Unmarshal(payload, &fields), json.Unmarshal(payload, &in))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRequest, err)
	}
	var e *event
	host := takeHost(in)
	replaced := map[string]any{} // top-level fields of the payload for algnhsa
	switch {
	case in.Version == "2.0" && in.RequestContext.HTTP.Method != "":
		e = gatewayV2(in)
		replaced["rawPath"], replaced["rawQueryString"] = "/", ""
	case in.RequestContext.ELB != nil && in.HTTPMethod != "":
		e = loadBalancer(in)
		if e.singleValues {
			in.MultiValueHeaders = map[string][]string{}
			for name, value := range in.Headers {
				in.MultiValueHeaders[name] = []string{value}
			}
			in.Headers = nil
		}
		if len(in.MultiValueHeaders) == 0 { // algnhsa would refuse an event without headers
			in.MultiValueHeaders = map[string][]string{"x-forwarded-for": {e.source}}
		}
		replaced["path"] = "/"
		replaced["requestContext"] = map[string]any{"elb": map[string]string{"targetGroupArn": "-"}}
	case in.HTTPMethod != "" && fields["requestContext"] != nil:
		e = gatewayV1(in)
		replaced["path"] = "/"
		// algnhsa needs an account, and not every gateway sends one.
		replaced["requestContext"] = map[string]string{"accountId": "-"}
	default:
		return nil, errNoRequest
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
	if e.payload, err = json.Marshal(fields); err != nil {
		return nil, fmt.Errorf("encode it for algnhsa: %w", err)
	}
	return e, nil
}

// gatewayV2 reads the payload 2.0. The path of a function URL is as sent. That of an HTTP API is
// decoded: whether a slash in it was sent as %2F is lost.
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

// gatewayV1 reads the event of a REST API. Its path is as sent, its query is decoded.
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

// loadBalancer reads the event of a load balancer. Path and query are as sent. The balancer adds
// its peer's address to the end of X-Forwarded-For; the entries before it were sent by the client.
func loadBalancer(in envelope) *event {
	e := &event{kind: algnhsa.RequestTypeALB, singleValues: in.MultiValueHeaders == nil}
	for name, values := range in.MultiValueHeaders {
		if strings.EqualFold(name, "X-Forwarded-For") && len(values) > 0 {
			e.source = values[len(values)-1]
		}
	}
	for name, value := range in.Headers {
		if e.singleValues && strings.EqualFold(name, "X-Forwarded-For") {
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

// takeHost removes the Host header from the others, as net/http does, and returns its value.
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

// finish returns the invocation's response, which is algnhsa's with what is missing there.
func (e *event) finish(response []byte) ([]byte, error) {
	if !e.isBase64 && e.kind != algnhsa.RequestTypeALB {
		return response, nil
	}
	var fields map[string]json.RawMessage
	var head struct {
		StatusCode        int
		MultiValueHeaders map[string][]string
	}
	if err := errors.Join(json.Unmarshal(response, &fields), json.Unmarshal(response, &head)); err != nil {
		return nil, fmt.Errorf("finish the response: %w", err)
	}
	added := map[string]any{}
	if e.isBase64 {
		added["isBase64Encoded"] = true
	}
	if e.kind == algnhsa.RequestTypeALB {
		added["statusDescription"] = fmt.Sprintf("%d %s", head.StatusCode, http.StatusText(head.StatusCode))
	}
	if e.singleValues {
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
			return nil, fmt.Errorf("finish the response: %w", err)
		}
		fields[name] = encoded
	}
	return json.Marshal(fields)
}
