package api

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json"
)

// A ScheduleResult is the response of a schedule's call.
type ScheduleResult struct {
	Done map[string]int64 `json:"done"` // what was done, and how often
}

// SchedulePath returns the path of a schedule, by the name of its event in template.yaml in lower
// case.
func SchedulePath(name string) string { return "/schedule/" + name }

// Schedule adds the call of a schedule of template.yaml, POST SchedulePath(name). A timer of the
// host sends it to the function's socket, and on Lambda the schedule's event becomes one. Nothing
// that comes from a client's address gets there. What run has done is added to the log line, also
// when it returns an error. The response to an error is a 500 that says which, as it is for the
// operator.
func (a *API) Schedule(name string, run func(context.Context) (map[string]int64, error)) {
	a.schedules = append(a.schedules, name)
	a.Handle("POST "+SchedulePath(name), func(w http.ResponseWriter, r *http.Request) {
		if ClientAddress(r.Context()).IsValid() {
			r.Pattern = "" // for clients there is no such route
			Write(w, NoRoute.With(MethodAndPath(r)))
			return
		}
		done, err := run(r.Context())
		exchange(r.Context()).Done = done
		if err != nil {
			Note(r.Context(), err)
			Write(w, Failed.With(err))
			return
		}
		w.Header().Set("Content-Type", mediaJSON)
		_ = json.MarshalWrite(w, ScheduleResult{done}, json.Deterministic(true)) // fails only if the caller has gone
	})
}

// Schedules returns the names that were added with Schedule.
func (a *API) Schedules() []string { return a.schedules }
