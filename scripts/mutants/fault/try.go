package fault

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

// areas are the areas of cases that are most likely to notice a fault of a route, by the first part of
// its path.
var areas = map[string]string{
	"check": "signup|deletion", "signup": "signup|user|race",
	"user": "user|signup|password|nickname|intro|email|deletion",
	"auth": "auth|refresh|session|password|temporary password|length", "refresh": "refresh|session|temporary password",
	"session": "session|refresh", ".well-known": "token", "temporary-password": "temporary password",
	"post":         "post|comment|timeline|reaction|revision|idempotency|race|deletion|stored as sent|page",
	"timeline":     "timeline|page|deletion|post",
	"comment":      "comment|reaction|revision|race|stored as sent|deletion|page",
	"notification": "notification|page|race|deletion|read|up_to", "backoffice": "backoffice|temporary password",
	"docs":         "document",
	"openapi.json": "document", "": "document",
}

// Try runs cases against a server with a fault, until one fails, and returns that case's name. It
// returns "" if all pass. The cases that are most likely to notice the fault come first.
func Try(ctx context.Context, f Fault, cases []check.Case, o check.Options, routes []string) (string, error) {
	_, path, _ := strings.Cut(f.on, " /")
	segment, _, _ := strings.Cut(path, "/")
	ofArea := regexp.MustCompile("^(" + areas[segment] + ")[/ ]")
	for _, likely := range []func(check.Case) bool{
		func(c check.Case) bool { return f.on != "" && strings.Contains(c.Name, f.on) },
		func(c check.Case) bool { return f.on != "" && ofArea.MatchString(c.Name) },
		func(check.Case) bool { return true },
	} {
		some := slices.DeleteFunc(slices.Clone(cases), func(c check.Case) bool { return !likely(c) })
		if caughtBy, err := try(ctx, f, some, o, routes); caughtBy != "" || err != nil {
			return caughtBy, err
		}
	}
	return "", nil
}

// try runs cases against a server with a fault. A failure counts only if it is the fault's: a server that is busy,
// a request that the proxy could not pass on, and the end of the context make cases fail too.
func try(ctx context.Context, f Fault, cases []check.Case, o check.Options, routes []string) (string, error) {
	trying, cancel := context.WithCancel(ctx)
	defer cancel()
	caughtBy := ""
	o.Done = func(_ int, r check.Result) {
		if caughtBy == "" && r.Failure != nil && !r.Failure.Busy && ctx.Err() == nil {
			caughtBy = r.Case
			cancel()
		}
	}
	_, err := run(trying, f, cases, o, routes)
	if caughtBy != "" && errors.Is(err, context.Canceled) {
		return caughtBy, nil
	}
	return "", err
}

// Run is Try without a fault: every case has to pass. It returns the results.
func Run(ctx context.Context, cases []check.Case, o check.Options, routes []string) ([]check.Result, error) {
	return run(ctx, None, cases, o, routes)
}

func run(ctx context.Context, f Fault, cases []check.Case, o check.Options, routes []string) ([]check.Result, error) {
	behind, err := url.Parse(o.URL)
	if err != nil {
		return nil, err
	}
	proxy := NewProxy(f, behind, routes)
	defer proxy.Close()
	server := httptest.NewServer(proxy)
	defer server.Close()
	o.URL = server.URL
	results, err := check.Run(ctx, cases, o)
	if broken := proxy.Broken(); broken != nil {
		return nil, broken
	}
	return results, err
}
