package feed

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// maxResponse is how much of a receiver's response is read. Elasticsearch's has a line for each
// document.
const maxResponse = 1 << 20

// newClient returns the client of one feed. It follows no redirect, so that credentials go to
// nobody but the receiver.
func newClient() *http.Client {
	return &http.Client{
		Transport:     limitedTransport{http.DefaultTransport.(*http.Transport).Clone()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A limitedTransport limits the length of responses.
type limitedTransport struct{ transport *http.Transport }

func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.transport.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxResponse)
	}
	return response, err
}

// basic returns an Authorization header with a user and a password.
func (r receiver) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(r.user+":"+r.password))
}

// mayPass reports whether a request with this response may succeed later. 0 stands for no response.
func mayPass(status int) bool {
	return status == 0 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= http.StatusInternalServerError
}

// retryAfter returns the time that a Retry-After names in seconds, or 0.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
