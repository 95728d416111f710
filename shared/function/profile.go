//go:build profile

package function

import (
	"net"
	"net/http"
	_ "net/http/pprof" // adds its routes to the default mux
	"os"
)

// A function that make profile has built serves its profiles at the socket that PROFILE_SOCKET names. No other build
// has this file, or net/http/pprof.
func init() {
	listener, err := net.Listen("unix", os.Getenv("PROFILE_SOCKET"))
	if err != nil {
		panic(err)
	}
	go func() { panic(http.Serve(listener, nil)) }()
}
