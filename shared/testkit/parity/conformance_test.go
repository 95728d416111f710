package parity

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/scripts/conformance/core"
	"minifb/scripts/mutants/fault"
	"minifb/shared/ops/keys"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/lambdatest"
	"minifb/shared/token"
)

const noLimits = "LIMITS=off"

// The bundle passes every case of the conformance kit, whatever is in front of its functions, and with a PgBouncer
// behind them.
func TestConformance(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	for name, serve := range map[string]func(*testing.T, *fixture) string{
		"gateway": func(t *testing.T, f *fixture) string { return startBundle(t, b, f, false, noLimits).URL },
		"nginx and PgBouncer": func(t *testing.T, f *fixture) string {
			f.pool(t)
			return startBundle(t, b, f, true, noLimits).URL
		},
		"lambda": func(t *testing.T, f *fixture) string { return startLambdaFront(t, b, f) },
	} {
		t.Run(name, func(t *testing.T) {
			o := contract.Options()
			o.URL, o.Parallel = serve(t, newFixture(t, b.keys, []string{administrator})), 6
			o.Admin = &check.User{ID: administrator, Password: areatest.Password}
			passAll(t, slices.Concat(contract.Cases(), contract.ExpiredCases(expiredToken(t, b.keys))), o)
		})
	}
}

// The limits of the contract are the default.
func TestConformanceOfLimits(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	o := contract.Options()
	o.URL = startBundle(t, b, newFixture(t, b.keys, []string{administrator}), false).URL
	o.Parallel = 6
	passAll(t, contract.LimitCases(), o)
}

// expiredToken returns a token that the functions' key has signed, and that expired five minutes ago.
func expiredToken(t *testing.T, keysDir string) string {
	t.Helper()
	text, err := os.ReadFile(keys.Private(keysDir))
	must(t, err)
	var set struct{ Keys []struct{ Kid, D string } }
	must(t, json.Unmarshal(text, &set))
	seed, err := base64.RawURLEncoding.DecodeString(set.Keys[0].D)
	must(t, err)
	issued := time.Now().Add(-10 * time.Minute)
	var parts []string
	for _, part := range []map[string]any{
		{"alg": "EdDSA", "typ": "at+jwt", "kid": set.Keys[0].Kid},
		{
			"iss": "minifb", "aud": "minifb", "sub": "1", "jti": "expired",
			"sid": "7f1e7b1a-4b8e-4f53-9d0c-0a3b2f6f8e11",
			"iat": issued.Unix(), "exp": issued.Add(token.Lifetime).Unix(),
		},
	} {
		encoded, err := json.Marshal(part)
		must(t, err)
		parts = append(parts, base64.RawURLEncoding.EncodeToString(encoded))
	}
	signed := strings.Join(parts, ".")
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// passAll runs cases, which all have to pass.
func passAll(t *testing.T, cases []check.Case, o check.Options) {
	t.Helper()
	results, err := check.Run(t.Context(), cases, o)
	must(t, err)
	for _, r := range results {
		if r.Failure != nil {
			t.Errorf("%s\nrule: %s\n%s\nexpected: %s\ngot: %s",
				r.Case, r.Rule, r.Failure.Request, r.Failure.Expected, r.Failure.Got)
		}
	}
	t.Logf("%d cases", len(results))
}

// The profile core passes, also for an implementation that calls its routes and members otherwise.
func TestConformanceByOtherNames(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	f := newFixture(t, b.keys, []string{administrator})
	behind, err := url.Parse(startBundle(t, b, f, false, noLimits).URL)
	must(t, err)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.URL.Path = strings.Replace(r.In.URL.Path, "/articles", "/post", 1)
			r.Out.URL.RawPath = ""
			rename(&r.Out.Body, &r.Out.ContentLength, `"text":`, `"content":`)
			if token := r.In.Header.Get("X-Token"); token != "" {
				r.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Del("Content-Length")
			rename(&r.Body, &r.ContentLength, `"content":`, `"text":`, `"items":`, `"data":`, "/post", "/articles")
			return nil
		},
	})
	t.Cleanup(front.Close)

	names, err := os.ReadFile(root + "scripts/conformance/core/names.json")
	must(t, err)
	other, err := core.Parse([]byte(strings.NewReplacer(
		" /post", " /articles", `"content": "content"`, `"content": "text"`, `"items": "items"`, `"items": "data"`,
		"Authorization: Bearer {token}", "X-Token: {token}",
	).Replace(string(names))))
	must(t, err)
	for address, names := range map[string]*core.Names{behind.String(): core.Default(), front.URL: other} {
		o := core.Options(names)
		o.URL, o.Parallel, o.Admin = address, 6, &check.User{ID: administrator, Password: areatest.Password}
		cases, left := core.Cases(names)
		if len(left) > 0 {
			t.Errorf("%d cases are left out", len(left))
		}
		passAll(t, cases, o)
	}
}

// rename replaces names in a body, if there is one.
func rename(body *io.ReadCloser, length *int64, oldNew ...string) {
	if *body == nil {
		return
	}
	text, err := io.ReadAll(*body)
	if err != nil {
		return // the other side sees that the body is not whole
	}
	renamed := strings.NewReplacer(oldNew...).Replace(string(text))
	*body, *length = io.NopCloser(strings.NewReader(renamed)), int64(len(renamed))
}

// startLambdaFront serves HTTP in front of functions that get Lambda events, and returns its URL.
// Each function has one process, which serves one request at a time.
func startLambdaFront(t *testing.T, b *binaries, f *fixture) string {
	t.Helper()
	instances := startInstances(t, b, f, noLimits)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := lambdatest.FunctionURL.Do(instances[areaOf(b.template, r.RequestURI)].Invoke, r)
		if err != nil { // the client has gone
			return
		}
		defer out.Body.Close()
		for name, values := range out.Header {
			if !strings.EqualFold(name, "Content-Length") { // the body's, which HEAD does not have
				w.Header()[name] = slices.Clone(values)
			}
		}
		w.WriteHeader(out.StatusCode)
		_, _ = io.Copy(w, out.Body)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// The kit notices planted faults. `make mutants` plants all of them, and here is one of each kind.
func TestPlantedFaultsAreNoticed(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	template, err := sam.Load(root + "template.yaml")
	must(t, err)
	o := contract.Options()
	o.URL = startBundle(t, b, newFixture(t, b.keys, []string{administrator}), false, noLimits).URL
	o.Parallel, o.Admin = 6, &check.User{ID: administrator, Password: areatest.Password}
	routes := fault.Routes(template)
	for _, faults := range fault.Kinds(routes) {
		f := faults[len(faults)/2]
		by, err := fault.Try(t.Context(), f, contract.Cases(), o, routes)
		must(t, err)
		if by == "" {
			t.Errorf("no case notices this fault: %s", f.Name)
		}
	}
}
