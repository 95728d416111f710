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
	kind             algnhsa.RequestType
	method           string
	target           string // the path and the query, as sent, so far as the event has them
	host             string
	source           string // the client's address, as the gateway reports it
	header           http.Header
	body             string
	bodyIsBase64     bool
	singleValues     bool // from a load balancer that uses one value a header
	responseIsBase64 bool // its body was written as base64
}

// An envelope has the parts of all kinds of events that are read here. What else an event has may
// have any type.
type envelope struct {
	Version                         string
	RawPath, RawQueryString         string // of an HTTP API (payload 2.0) and of a function URL
	HTTPMethod, Path                string // of the others
	Headers                         map[string]string
	MultiValueHeaders               map[string][]string
	QueryStringParameters           map[string]string
	MultiValueQueryStringParameters map[string][]string
	Body                            string
	IsBase64Encoded                 bool
	RequestContext                  *struct {
		DomainName, Stage string
		ELB               *struct{}
		HTTP              struct{ Method, SourceIP string }
		Identity          struct{ SourceIP string }
	}
}

var errNoRequest = errors.New("not the event of an API Gateway, a function URL or a load balancer")

// readEvent reads an event of any kind. It takes basePath, if that is not empty, from the start of
// the path. It returns an error for a payload that is not an HTTP request's.
func readEvent(payload []byte, basePath string) (*event, error) {
	var in envelope
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRequest, err)
	}
	in.RawPath, in.Path = withoutPrefix(in.RawPath, basePath), withoutPrefix(in.Path, basePath)
	all := header(in)
	var e *event
	switch {
	case in.RequestContext == nil:
		return nil, errNoRequest
	case in.Version == "2.0" && in.RequestContext.HTTP.Method != "":
		e = gatewayV2(in)
	case in.RequestContext.ELB != nil && in.HTTPMethod != "":
		e = loadBalancer(in, all)
	case in.HTTPMethod != "":
		e = gatewayV1(in)
	default:
		return nil, errNoRequest
	}
	e.header = all
	if host := e.header["Host"]; len(host) > 0 { // net/http keeps it apart, too
		e.host = host[0]
		delete(e.header, "Host")
	}
	e.body, e.bodyIsBase64 = in.Body, in.IsBase64Encoded
	return e, nil
}

// withoutPrefix returns the path behind a stage's or a mapping's prefix, such as /prod. A path that
// has another beginning is returned as it is.
func withoutPrefix(path, prefix string) string {
	if rest, ok := strings.CutPrefix(path, prefix); ok && prefix != "/" && strings.HasPrefix(rest, "/") {
		return rest
	}
	return path
}

// header returns the headers of an event. Names that differ only in case are one header, whose
// values are in the order of the names.
func header(in envelope) http.Header {
	all := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(in.MultiValueHeaders)) {
		canonical := http.CanonicalHeaderKey(name)
		all[canonical] = append(all[canonical], in.MultiValueHeaders[name]...)
	}
	if len(all) > 0 { // Headers then has the last value of each
		return all
	}
	for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
		all.Add(name, in.Headers[name])
	}
	return all
}

// gatewayV2 reads the payload 2.0. The path of a function URL is as sent. That of an HTTP API is
// decoded: whether a slash in it was sent as %2F is lost. At AWS's own domain it begins with the
// name of the stage, unless that is $default.
func gatewayV2(in envelope) *event {
	path := in.RawPath
	if strings.Contains(in.RequestContext.DomainName, ".execute-api.") {
		path = withoutPrefix(path, "/"+in.RequestContext.Stage)
	}
	if !strings.Contains(in.RequestContext.DomainName, ".lambda-url.") {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	return &event{
		kind: algnhsa.RequestTypeAPIGatewayV2, source: in.RequestContext.HTTP.SourceIP,
		method: in.RequestContext.HTTP.Method, target: target(path, in.RawQueryString),
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
		method: in.HTTPMethod, target: target(in.Path, query.Encode()),
	}
}

// loadBalancer reads the event of a load balancer. Path and query are as sent. The balancer adds
// its peer's address to the end of X-Forwarded-For; the entries before it were sent by the client.
func loadBalancer(in envelope, header http.Header) *event {
	e := &event{kind: algnhsa.RequestTypeALB, method: in.HTTPMethod, singleValues: in.MultiValueHeaders == nil}
	if forwarded := header["X-Forwarded-For"]; len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		e.source = strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
	}
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

// finish returns the invocation's response, which is algnhsa's with what is missing there.
func (e *event) finish(response []byte) ([]byte, error) {
	if !e.responseIsBase64 && e.kind != algnhsa.RequestTypeALB {
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
	if e.responseIsBase64 {
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
