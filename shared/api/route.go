package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// A Route is one entry of an area's route table: what the OpenAPI text says of the route, and what
// is checked before its view is called.
type Route struct {
	Method string
	Path   string // "/post/{id}"
	// ID is the operation's name in the OpenAPI text, unique in the bundle: createPost.
	ID          string
	Summary     string // one line
	Description string // what a client has to know besides the fields, in Markdown
	Access      Access
	// Status is that of a success. It defaults to 200, or to 204 for a view that returns no body.
	Status int
	// OtherStatuses are further statuses of a success, which the view sets in its output, and when
	// it does.
	OtherStatuses map[int]string
	// Errors are the statuses that the view returns besides those that follow from the access and
	// from the input.
	Errors []int
}

// Register adds a view to the API. A request is checked in this order: its route, its access, its
// query, its body; then the view is called. The statuses of these checks are added to those that
// route lists.
func Register[In, Out any](a *API, route Route, view func(context.Context, *In) (*Out, error)) {
	if route.Access < Public || route.Access > PasswordChange {
		panic("api: " + route.Method + " " + route.Path + " does not say who may call it")
	}
	operation := huma.Operation{
		Method: route.Method, Path: route.Path, OperationID: route.ID, Summary: route.Summary,
		Description: route.Description, DefaultStatus: route.Status, Security: route.Access.security(),
		Metadata: map[string]any{metadataKey: route.Access},
	}
	if out, ok := any(new(Out)).(document); ok {
		operation.Responses = out.responses()
	}
	huma.Register(a.API, operation, func(ctx context.Context, in *In) (*Out, error) {
		out, err := view(ctx, in)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		return out, nil
	})

	registered := operationOf(a.OpenAPI().Paths[route.Path], route.Method)
	if list, ok := any(new(In)).(interface{ parameters() []*huma.Param }); ok {
		registered.Parameters = append(registered.Parameters, list.parameters()...)
	}
	if registered.RequestBody != nil {
		registered.Metadata[bodyKey] = bodyRules{
			registered.RequestBody.Content[mediaJSON].Schema, a.OpenAPI().Components.Schemas,
		}
	}
	a.documentResponses(registered, route)
}

// documentResponses adds a route's other successes and its errors to its operation.
func (a *API) documentResponses(op *huma.Operation, route Route) {
	delete(op.Responses, "default") // huma's, for a route without errors
	success := op.Responses[strconv.Itoa(op.DefaultStatus)]
	for _, header := range success.Headers {
		header.Description = header.Schema.Description // huma leaves it in the schema
	}
	for status, when := range route.OtherStatuses {
		other := *success
		other.Description = when
		op.Responses[strconv.Itoa(status)] = &other
	}

	for _, status := range slices.Concat(errorsOfEveryRoute, route.Access.errors(), bodyErrors(op), route.Errors) {
		op.Responses[strconv.Itoa(status)] = a.documentedError(status)
	}
}

// errorsOfEveryRoute are the statuses with which any request may be refused: its query is malformed, or
// what serves it fails.
var errorsOfEveryRoute = []int{
	http.StatusBadRequest, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// bodyErrors returns the statuses with which the check of an operation's body may refuse a request.
func bodyErrors(op *huma.Operation) []int {
	if op.RequestBody == nil {
		return nil
	}
	return []int{
		http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	}
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[method]
}
