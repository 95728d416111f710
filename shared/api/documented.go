package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// documented is what the OpenAPI text says of each error: when it occurs, an example of its hint, and
// the header that it has.
var documented = map[int]struct{ when, hint, header string }{
	http.StatusBadRequest: {
		"The request is malformed, or a field breaks its rule. The hint names each field and its rule.",
		"content: 1 to 3000 characters", "",
	},
	http.StatusUnauthorized: {
		"There is no token where one is needed, or the token or the credentials are not valid.",
		"The access token has expired; get another from POST /refresh.", "WWW-Authenticate",
	},
	http.StatusForbidden: {
		"The viewer may not do this: it is another user's, or for administrators, or the current password is wrong, " +
			"or the session was opened with a temporary password and may only change the password.",
		"You have not permission for 'DELETE /post/14'", "",
	},
	http.StatusNotFound: {
		"There is no such thing.", "There is no such post; it may have been deleted.", "",
	},
	http.StatusRequestTimeout: {
		"The body did not arrive in time.", "The body did not arrive within 10 seconds; send it faster.", "",
	},
	http.StatusConflict: {
		"The ID is taken.", "id: is taken; choose another", "",
	},
	http.StatusPreconditionFailed: {
		"The content has changed since the ETag that If-Match names.",
		"If-Match: the content has changed since you read it; read it again before you decide", "",
	},
	http.StatusRequestEntityTooLarge: {
		"The body is longer than 64 KiB.", BodyTooLarge.Hint, "",
	},
	http.StatusUnsupportedMediaType: {
		"The body's Content-Type is not application/json, or its Content-Encoding is not identity.", NotJSON.Hint, "",
	},
	http.StatusUnprocessableEntity: {
		"The Idempotency-Key was used before, with another body.",
		"Idempotency-Key: was used with another body; use a new key for a new request", "",
	},
	http.StatusTooManyRequests: {
		"There were too many such requests. Retry-After says when the next one is accepted.",
		"Too many requests of this kind; try again in 60 s.", "Retry-After",
	},
	http.StatusInternalServerError: {
		"Something failed unexpectedly. The hint is the error's message, or a fixed sentence if the operator hides it.",
		FailedGeneric.Hint, "",
	},
	http.StatusServiceUnavailable: {
		"The database or the function cannot be reached, or takes no writes, or is overloaded. If the request may " +
			"have been carried out all the same, the hint says so.",
		NoDatabase.Hint, "Retry-After",
	},
	http.StatusGatewayTimeout: {
		"The request ran past its time limit. If it may have been carried out all the same, the hint says so.",
		TimeLimit.Hint, "",
	},
}

// documentedError returns a reference to the description of an error, which the operations share. It
// panics if the status is not in the list above.
func (a *API) documentedError(status int) *huma.Response {
	about, ok := documented[status]
	if !ok {
		panic("api: add the status " + http.StatusText(status) + " to the documented errors")
	}
	components := a.OpenAPI().Components
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	if components.Responses == nil {
		components.Responses = map[string]*huma.Response{}
	}
	if components.Responses[name] == nil {
		schema := components.Schemas.Schema(reflect.TypeFor[Error](), true, "")
		headers := map[string]*huma.Param{}
		if about.header != "" {
			headers[about.header] = documentedHeaders[about.header]
		}
		components.Responses[name] = &huma.Response{
			Description: about.when, Headers: headers,
			Content: map[string]*huma.MediaType{mediaJSON: {
				Schema: schema, Example: map[string]string{"result": http.StatusText(status), "hint": about.hint},
			}},
		}
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// documentedHeaders describes the headers of errors.
var documentedHeaders = map[string]*huma.Param{
	"WWW-Authenticate": {
		Description: "Bearer, with error=\"invalid_token\" if a token was sent and is not valid",
		Schema:      &huma.Schema{Type: huma.TypeString}, Example: "Bearer",
	},
	"Retry-After": {
		Description: "In how many seconds to try again", Schema: &huma.Schema{Type: huma.TypeInteger}, Example: 1,
	},
}
