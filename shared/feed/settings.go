package feed

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Settings say which feeds are on. The zero value has none.
type Settings struct {
	Metrics    bool   // serve GET /metrics
	InfluxURL  string // where points go; empty for nowhere
	ElasticURL string // where documents go; empty for nowhere
	OTLPURL    string // where spans go; empty for nowhere
}

// The rules of the three URLs, as an error tells them to the operator.
const (
	InfluxRule = "write it as http://user:password@host:8086/?db=minifb for InfluxDB 1, " +
		"or as https://token@host:8086/?org=name&bucket=minifb for InfluxDB 2"
	ElasticRule = "write it as https://user:password@host:9200/index, " +
		"or as https://api-key@host:9200/index"
	OTLPRule = "write it as http://host:4318/?ratio=0.1, with the part of the requests to trace, above 0 and up to 1"
)

// CheckInflux reports whether a value of INFLUX_URL follows InfluxRule, or is empty.
func CheckInflux(value string) bool {
	_, err := parseInflux(value)
	return value == "" || err == nil
}

// CheckElastic reports whether a value of ELASTIC_URL follows ElasticRule, or is empty.
func CheckElastic(value string) bool {
	_, err := parseElastic(value)
	return value == "" || err == nil
}

// CheckOTLP reports whether a value of OTLP_URL follows OTLPRule, or is empty.
func CheckOTLP(value string) bool {
	_, err := parseOTLP(value)
	return value == "" || err == nil
}

// A receiver is what a feed sends to. Its URL holds no credentials, so that it may be in an error.
type receiver struct {
	url            url.URL // scheme, host and path
	user, password string  // the user alone is a token
	query          url.Values
}

var errURL = errors.New("not such a URL")

// parse reads a URL whose query has only these parameters, each once and not empty. Its error does
// not hold the value.
func parse(value string, parameters ...string) (r receiver, err error) {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Fragment != "" {
		return r, errURL
	}
	r.query, err = url.ParseQuery(u.RawQuery)
	if err != nil {
		return r, errURL
	}
	for name, values := range r.query {
		if !slices.Contains(parameters, name) || len(values) != 1 || values[0] == "" {
			return r, errURL
		}
	}
	r.user = u.User.Username()
	r.password, _ = u.User.Password()
	if r.user == "" && u.User != nil {
		return r, errURL
	}
	r.url = url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return r, nil
}

// has reports whether the query has exactly these parameters.
func (r receiver) has(parameters ...string) bool {
	for _, name := range parameters {
		if !r.query.Has(name) {
			return false
		}
	}
	return len(r.query) == len(parameters)
}

// parseInflux returns a receiver whose url and query are those of the API's route for points.
func parseInflux(value string) (receiver, error) {
	r, err := parse(value, "db", "org", "bucket")
	first := r.has("db")
	second := r.has("org", "bucket") && r.user != "" && r.password == ""
	if err != nil || (!first && !second) || (first && r.user != "" && r.password == "") {
		return r, errURL
	}
	route := "write"
	if second {
		route = "api/v2/write"
	}
	r.url = *r.url.JoinPath(route)
	r.query.Set("precision", "ns")
	return r, nil
}

// parseElastic returns a receiver, and in its path the name of the index alone.
func parseElastic(value string) (receiver, error) {
	r, err := parse(value)
	r.url.Path = strings.TrimPrefix(r.url.Path, "/")
	if err != nil || r.url.Path == "" || strings.ContainsAny(r.url.Path, `/\*?"<>| ,#:`) ||
		strings.HasPrefix(r.url.Path, "_") || r.url.Path != strings.ToLower(r.url.Path) {
		return r, errURL
	}
	return r, nil
}

// defaultRatio is the part of the requests that are traced if OTLP_URL names none.
const defaultRatio = 0.1

// parseOTLP returns a receiver whose url is that of the API's route for traces.
func parseOTLP(value string) (receiver, error) {
	r, err := parse(value, "ratio")
	if err != nil {
		return r, err
	}
	if ratio := r.ratio(); !(ratio > 0 && ratio <= 1) { // also false for NaN
		return r, errURL
	}
	r.url = *r.url.JoinPath("v1/traces")
	return r, nil
}

// ratio returns the part of the requests that are traced, or 0 if the query names none.
func (r receiver) ratio() float64 {
	if !r.query.Has("ratio") {
		return defaultRatio
	}
	ratio, err := strconv.ParseFloat(r.query.Get("ratio"), 64)
	if err != nil {
		return 0
	}
	return ratio
}
