package function

import (
	"net/http"

	"github.com/akrylysov/algnhsa"
)

// serveLambda answers invocations until the runtime ends the process.
func serveLambda(h http.Handler) {
	algnhsa.ListenAndServe(h, nil)
}
