package api_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/areatest"
)

// dial connects to a server, to send what Go's HTTP client would not send.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return connection
}

// receive reads the response to a request with this method.
func receive(t *testing.T, connection net.Conn, method string) areatest.Response {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no response: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Close {
		response.Header.Set("Connection", "close") // ReadResponse has removed it
	}
	return areatest.Response{Status: response.StatusCode, Header: response.Header, Body: body}
}

// raw sends a request as it is, and returns the response.
func raw(t *testing.T, url, request string) areatest.Response {
	t.Helper()
	connection := dial(t, url)
	go func() { _, _ = io.WriteString(connection, request) }() // the response may come before all is sent
	method, _, _ := strings.Cut(request, " ")
	return receive(t, connection, method)
}
