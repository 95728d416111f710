package api

import (
	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/rules"
)

// RequireOnce returns the violation of a query parameter that is sent empty or several times. Call
// it in the input's Resolve: huma takes an empty parameter for none, and the first of several.
func RequireOnce(ctx huma.Context, name string) []error {
	u := ctx.URL()
	sent := u.Query()[name]
	if len(sent) == 0 || len(sent) == 1 && sent[0] != "" {
		return nil
	}
	location := "query." + name
	return []error{&huma.ErrorDetail{
		Location: location,
		Message:  "must be sent once, as " + rules.Describe(schemaAt(ctx.Operation(), location)),
	}}
}
