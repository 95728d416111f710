package feed

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// rejecting returns an ExportTraceServiceResponse that rejects this many spans, and has a field that is
// not known yet.
func rejecting(n uint64, reason string) []byte {
	var partial []byte
	partial = protowire.AppendVarint(protowire.AppendTag(partial, 1, protowire.VarintType), n)
	partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), reason)
	response := protowire.AppendFixed64(protowire.AppendTag(nil, 9, protowire.Fixed64Type), 1)
	return protowire.AppendBytes(protowire.AppendTag(response, 1, protowire.BytesType), partial)
}

func TestOTLP(t *testing.T) {
	t.Parallel()
	var response []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prefix/v1/traces" || r.Header.Get("Authorization") != "Bearer geheim" {
			t.Errorf("%s with %s", r.URL, r.Header.Get("Authorization"))
		}
		io.Copy(io.Discard, r.Body)
		w.Write(response)
	}))
	defer server.Close()
	o, ratio, err := newOTLP(strings.Replace(server.URL, "://", "://geheim@", 1) + "/prefix/?ratio=0.5")
	if err != nil || ratio != 0.5 {
		t.Fatal(ratio, err)
	}
	for _, c := range []struct {
		response []byte
		sent     int
	}{
		{nil, 3}, {rejecting(2, "too old"), 1}, {rejecting(1<<63, "too many"), 0}, {[]byte("nonsense"), 3},
	} {
		response = c.response
		got := o.send(t.Context(), sampleSpans(3))
		if got.sent != c.sent || len(got.again) != 0 || (got.err == nil) != (c.sent == 3) {
			t.Errorf("%q: got %+v, want %d sent", c.response, got, c.sent)
		}
	}
	if _, ratio, err := newOTLP("http://host"); ratio != defaultRatio || err != nil {
		t.Errorf("by default %g are sampled, %v", ratio, err)
	}
}

func FuzzPartialSuccess(f *testing.F) {
	f.Add(rejecting(2, "too old"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, response []byte) {
		if rejected, _ := partialSuccess(response); rejected < 0 {
			t.Errorf("%x rejects %d", response, rejected)
		}
	})
}

// A client cannot have its requests traced: neither its flag nor its trace id decides.
func TestClientsDoNotChooseWhatIsTraced(t *testing.T) {
	t.Parallel()
	feeds, err := New(Settings{OTLPURL: "http://127.0.0.1:1/?ratio=1e-12"}, "test", quiet)
	if err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{
		"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
		"00-00000000000000000000000000000001-0123456789abcdef-01",
		"00-01000000000000000000000000000000-0123456789abcdef-ff", "nonsense", "",
	} {
		for range 100 {
			r := &Request{}
			feeds.Record(feeds.Begin(t.Context(), http.Header{"Traceparent": {parent}}), r)
			if r.traceID != "" {
				t.Fatalf("a request with the traceparent %q is traced", parent)
			}
		}
	}
	feeds.Close()
}

// The cause of a failure may have any bytes, but protobuf's strings have to be valid UTF-8.
func TestAnyCauseOfAFailureCanBeTraced(t *testing.T) {
	t.Parallel()
	spans := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		spans <- string(body)
	}))
	defer server.Close()
	for _, cause := range []string{"caused by \xff", strings.Repeat("원인", 400)} {
		feeds, err := New(Settings{OTLPURL: server.URL + "/?ratio=1"}, "test", quiet)
		if err != nil {
			t.Fatal(err)
		}
		feeds.Record(feeds.Begin(t.Context(), http.Header{}), &Request{Method: "GET", Route: "/thing", Error: cause})
		feeds.Close()
		select {
		case got := <-spans:
			if !strings.Contains(got, cause[:8]) {
				t.Errorf("the cause %q is sent as %q", cause, got)
			}
		default:
			t.Errorf("the span with the cause %q is lost", cause)
		}
	}
}
