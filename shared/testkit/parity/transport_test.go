package parity

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/ops/keys"
	"minifb/shared/testkit/lambdatest"
)

const fewIterations = "PASSWORD_ITERATIONS=10"

// A transport is a way in which requests reach the functions. Start starts all functions behind it.
type transport struct {
	name  string
	start func(*testing.T, *binaries, *fixture) sender
}

// A sender sends a request, which is for the function of this area, and returns the response.
// It may be called in any goroutine.
type sender func(ctx context.Context, area string, r request) (response, error)

// The others are compared with the first.
var transports = []transport{
	{"socket", startOnSockets},
	{"nginx", startBehindNginx},
	{"http-api", startOnLambda(lambdatest.HTTPAPI)},
	{"rest-api", startOnLambda(lambdatest.RESTAPI)},
	{"function-url", startOnLambda(lambdatest.FunctionURL)},
	{"alb", startOnLambda(lambdatest.LoadBalancer)},
	{"alb-single", startOnLambda(lambdatest.SingleValues)},
}

// environment returns the variables that a function is started with outside of a bundle. On Lambda the
// keys are JSON, and not the paths of files.
func (b *binaries) environment(t *testing.T, area string, f *fixture) []string {
	t.Helper()
	public, err := os.ReadFile(keys.Public(b.keys))
	must(t, err)
	private, err := os.ReadFile(keys.Private(b.keys))
	must(t, err)
	function, _ := b.template.Function(area)
	parameters := map[string]string{
		"DatabaseUrl": f.proxy.FunctionsURL, "TokenPublicKeys": string(public), "TokenPrivateKey": string(private),
	}
	variables := b.template.Environment(function, func(name string) (string, bool) {
		value, ok := parameters[name]
		return value, ok
	})
	return append(variables, fewIterations)
}

// startInstances starts an instance of each function, with these variables besides the usual ones.
func startInstances(t *testing.T, b *binaries, f *fixture, variables ...string) map[string]*lambdatest.Instance {
	t.Helper()
	instances := map[string]*lambdatest.Instance{}
	for _, function := range b.template.Functions {
		environment := append(b.environment(t, function.Area, f), variables...)
		i, err := lambdatest.Start(b.path(function.Area), environment...)
		must(t, err)
		t.Cleanup(i.Kill)
		instances[function.Area] = i
	}
	return instances
}

func startOnLambda(gateway lambdatest.Gateway) func(*testing.T, *binaries, *fixture) sender {
	return func(t *testing.T, b *binaries, f *fixture) sender {
		instances := startInstances(t, b, f)
		return func(ctx context.Context, area string, r request) (response, error) {
			in, err := http.NewRequestWithContext(ctx, r.Method, "/", strings.NewReader(r.Body))
			if err != nil {
				return response{}, err
			}
			in.RequestURI, in.Host, in.RemoteAddr = r.Target, "api.example", "203.0.113.7:40000"
			for _, line := range r.Header {
				name, value, _ := strings.Cut(line, ": ")
				in.Header.Add(name, value)
			}
			out, err := gateway.Do(instances[area].Invoke, in)
			if err != nil {
				return response{}, err
			}
			return readResponse(out)
		}
	}
}

// startOnSockets sends each request to the function's own socket.
func startOnSockets(t *testing.T, b *binaries, f *fixture) sender {
	startBundle(t, b, f, false)
	return func(ctx context.Context, area string, r request) (response, error) {
		return sendRaw(ctx, "unix", filepath.Join(f.dir, "run", area+".sock"), r)
	}
}

// startBehindNginx sends each request to nginx, with the configuration that is rendered for hosts.
func startBehindNginx(t *testing.T, b *binaries, f *fixture) sender {
	address := strings.TrimPrefix(startBundle(t, b, f, true).URL, "http://")
	return func(ctx context.Context, _ string, r request) (response, error) {
		return sendRaw(ctx, "tcp", address, r)
	}
}

// startBundle starts all functions as HTTP servers, with these variables besides the usual ones, and
// stops them when the test ends.
func startBundle(t *testing.T, b *binaries, f *fixture, behindNginx bool, variables ...string) *bundle.Bundle {
	t.Helper()
	all := bundle.New(bundle.Options{
		Source: root, Template: b.template, Dir: f.dir, Keys: b.keys, Binaries: b.dir,
		DatabaseURL: f.proxy.FunctionsURL, OwnerURL: f.proxy.URL, Env: append(variables, fewIterations),
		Host: behindNginx, StartTimeout: host.StartTimeout, Logf: t.Logf,
	})
	must(t, all.Start(t.Context()))
	t.Cleanup(func() {
		if err := all.Stop(); err != nil {
			t.Error(err)
		}
		for _, u := range all.Functions {
			if log, err := os.ReadFile(u.Log); err == nil && t.Failed() && testing.Verbose() {
				t.Logf("%s:\n%s", u.Name, log)
			}
		}
	})
	return all
}

// sendRaw writes exactly the bytes of the request, which no HTTP client would do.
func sendRaw(ctx context.Context, network, address string, r request) (response, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return response{}, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return response{}, err
	}
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n", r.Method, r.Target)
	for _, line := range r.Header {
		fmt.Fprintf(&raw, "%s\r\n", line)
	}
	if r.Body != "" || slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Method) {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n", len(r.Body))
	}
	raw.WriteString("\r\n" + r.Body)
	_, _ = c.Write(raw.Bytes()) // the server may respond and close before it has read everything
	in, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: r.Method})
	if err != nil {
		return response{}, err
	}
	return readResponse(in)
}

func readResponse(r *http.Response) (response, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return response{}, err
	}
	if r.ContentLength >= 0 && r.Header.Get("Content-Length") == "" && r.StatusCode != http.StatusNoContent {
		r.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
	}
	return response{r.StatusCode, r.Header, string(body)}, nil
}
