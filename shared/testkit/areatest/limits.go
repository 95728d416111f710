package areatest

import (
	"net/netip"
	"testing"

	"minifb/shared/config"
	"minifb/shared/function"
	"minifb/shared/limit"
)

// Limited serves an area's routes as New does, with limits as the setting LIMITS writes them. A step
// is sent by the client whose address is in its header X-Forwarded-For.
func Limited(t testing.TB, routes function.Routes, setting string) *Server {
	t.Helper()
	s := newServer(t)
	rules, err := limit.Parse(setting)
	if err != nil {
		t.Fatal(err)
	}
	s.Deps.Limits = limit.New(s.Deps.Store, rules)
	s.URL = ServeBehindProxy(t, routes, s.Deps)
	return s
}

// ServeBehindProxy is Serve for a function that trusts the X-Forwarded-For of this machine.
func ServeBehindProxy(t testing.TB, routes function.Routes, deps function.Deps) string {
	t.Helper()
	proxies := config.Networks{netip.MustParsePrefix("127.0.0.0/8")}
	handler := newHandler(routes, deps, proxies)
	return listen(t, calls.recorder(handler, handler.API().OpenAPI()))
}

// From returns the header of a step that this address sends.
func From(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }

// CheckLimit sends the step until it gets 429, and checks that this happens after exactly the given
// number of other responses, and that another address is still served.
func (s *Server) CheckLimit(t *testing.T, step Step, allowed int) {
	t.Helper()
	step.Header = From("192.0.2.1")
	for sent := range allowed {
		if response := Do(t, s.URL, step); response.Status != step.Want {
			t.Fatalf("request %d: status %d, want %d: %s", sent+1, response.Status, step.Want, response.Body)
		}
	}
	response := Do(t, s.URL, step)
	if response.Status != 429 {
		t.Fatalf("request %d: status %d, want 429: %s", allowed+1, response.Status, response.Body)
	}
	CheckResponse(t, response)
	step.Header = From("198.51.100.7")
	if response := Do(t, s.URL, step); response.Status != step.Want {
		t.Errorf("from another address: status %d, want %d: %s", response.Status, step.Want, response.Body)
	}
}
