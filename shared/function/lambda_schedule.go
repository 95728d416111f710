package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"minifb/shared/api"
)

// isSchedule reports whether an event is that of a schedule: of an EventBridge rule or of
// EventBridge Scheduler.
func isSchedule(payload []byte) bool {
	var event struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
	}
	err := json.Unmarshal(payload, &event)
	return err == nil && event.DetailType == "Scheduled Event" &&
		(event.Source == "aws.events" || event.Source == "aws.scheduler")
}

// callSchedule calls the area's schedule, and returns the response's body. It returns an error if
// the call has failed, so that Lambda counts a failure and tries again. The event does not tell
// which of several schedules it is of, so the area must have exactly one.
func (h *Handler) callSchedule(ctx context.Context) ([]byte, error) {
	schedules := h.api.Schedules()
	if len(schedules) != 1 {
		return nil, errors.New("the event of a schedule, but this function does not have exactly one")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, api.SchedulePath(schedules[0]), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("call the schedule: %w", err)
	}
	response := &responseBuffer{header: http.Header{}} // is not released, as its body is returned
	h.ServeHTTP(response, r)
	if response.status >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("the schedule's call failed with %d: %s", response.status, response.buffer().Bytes())
	}
	return response.buffer().Bytes(), nil
}
