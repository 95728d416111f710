package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
)

type listInput struct {
	Unread string `query:"unread" enum:"true,false" doc:"true lists the unread alone, false all"`
	api.Page
}

// Resolve reads the query. It refuses a filter that is empty or sent several times: huma takes an
// empty one for none, and the first of several.
func (in *listInput) Resolve(ctx huma.Context) []error {
	violations := in.Page.Resolve(ctx)
	u := ctx.URL()
	if sent := u.Query()["unread"]; len(sent) > 1 || (len(sent) == 1 && sent[0] == "") {
		violations = append(violations, &huma.ErrorDetail{Location: "query.unread",
			Message: `must be sent once, with a value of "true, false"`})
	}
	return violations
}

func (v views) list(ctx context.Context, in *listInput) (*api.ListOutput[notification], error) {
	notifications, err := v.store.Notifications(ctx, api.Viewer(ctx), in.Unread == "true", in.Store())
	if err != nil {
		return nil, err
	}
	return api.Listed(&in.Page, notifications, newNotification), nil
}
