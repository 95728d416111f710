package gateway_test

import (
	"testing"

	"minifb/shared/testkit/smuggle"
)

func TestRequestsCannotBeSmuggledThroughTheGateway(t *testing.T) {
	t.Parallel()
	functions := &smuggle.Recorder{}
	smuggle.Check(t, start(t, functions.ServeHTTP), functions)
}
