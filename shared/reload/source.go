package reload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	// MaxText is the length of the longest text that is accepted from a file or a URL, in bytes.
	MaxText = 64 << 10

	fileMaxAge = 10 * time.Second
	urlMaxAge  = 5 * time.Minute
	urlTimeout = 2 * time.Second
)

// A Source is where a text is. Its zero value is an empty text.
type Source struct {
	text   string
	read   func() ([]byte, error) // nil: the source is text
	maxAge time.Duration          // after which it is read again
	remote bool                   // it may be out of reach when the process starts
}

// Text returns a source that never changes.
func Text(text string) Source { return Source{text: text} }

// File returns a file as a source. It is read again when 10 seconds have passed.
func File(path string) Source {
	return Source{maxAge: fileMaxAge, read: func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, withoutPath(err)
		}
		defer file.Close()
		return readAll(file)
	}}
}

// URL returns an https or http URL as a source, which has to return 200 within two seconds. It is
// read again when five minutes have passed. A redirect is an error: it would let another host decide.
func URL(address string) (Source, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return Source{}, errors.New("not a URL such as https://example.org/.well-known/jwks.json")
	}
	client := &http.Client{
		Timeout:       urlTimeout,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	read := func() ([]byte, error) {
		// The text is for all requests, so none of them can cancel this.
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
		if err != nil {
			return nil, withoutURL(err)
		}
		request.Header.Set("Cache-Control", "no-cache")
		response, err := client.Do(request)
		if err != nil {
			return nil, withoutURL(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the URL returned %d, want 200", response.StatusCode)
		}
		return readAll(response.Body)
	}
	return Source{read: read, maxAge: urlMaxAge, remote: true}, nil
}

// Read returns the text. The error does not name the file or the URL, which may hold a secret.
func (s Source) Read() ([]byte, error) {
	if s.read == nil {
		return []byte(s.text), nil
	}
	return s.read()
}

// IsURL reports whether the source is a URL.
func (s Source) IsURL() bool { return s.remote }

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxText+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(text) > MaxText {
		return nil, fmt.Errorf("the text is longer than %d bytes", MaxText)
	}
	return text, nil
}

func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}
