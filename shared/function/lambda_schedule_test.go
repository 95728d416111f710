package function

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
)

// The events of an EventBridge rule and of EventBridge Scheduler, as AWS documents them.
const (
	ruleEvent = `{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",
		"source":"aws.events","account":"123456789012","time":"2026-10-08T16:53:06Z","region":"ap-northeast-2",
		"resources":["arn:aws:events:ap-northeast-2:123456789012:rule/minifb-Maintenance"],"detail":{}}`
	schedulerEvent = `{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",
		"source":"aws.scheduler","account":"123456789012","time":"2026-10-08T16:53:06Z","region":"ap-northeast-2",
		"resources":["arn:aws:scheduler:ap-northeast-2:123456789012:schedule/default/minifb"],"detail":"{}"}`
)

func newScheduleInvoker(t *testing.T, failure error, names ...string) invoker {
	t.Helper()
	routes := func(a *api.API, _ Deps) {
		for _, name := range names {
			a.Schedule(name, func(ctx context.Context) (map[string]int64, error) {
				if _, limited := ctx.Deadline(); !limited {
					t.Error("the call has no time limit")
				}
				return map[string]int64{"b": 2, "a": 1}, failure
			})
		}
	}
	settings := Settings{Timeout: time.Minute, Log: slog.New(slog.DiscardHandler)}
	return newInvoker(NewHandler("test", routes, Deps{}, settings))
}

func TestScheduleEventCallsTheSchedule(t *testing.T) {
	t.Parallel()
	for _, event := range []string{ruleEvent, schedulerEvent} {
		body, err := newScheduleInvoker(t, nil, "nightly").Invoke(t.Context(), []byte(event))
		if err != nil || string(body) != `{"done":{"a":1,"b":2}}` {
			t.Errorf("%s, %v", body, err)
		}
	}
}

// An error makes Lambda count a failure and try again.
func TestFailedScheduleIsAnErrorOfTheInvocation(t *testing.T) {
	t.Parallel()
	failing := newScheduleInvoker(t, errors.New("no disk"), "nightly")
	for want, i := range map[string]invoker{
		`500: {"result":"Internal Server Error","hint":"no disk"}`: failing,
		"exactly one": newScheduleInvoker(t, nil),
		"one":         newScheduleInvoker(t, nil, "nightly", "hourly"),
	} {
		if body, err := i.Invoke(t.Context(), []byte(ruleEvent)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %v, want an error with %s", body, err, want)
		}
	}
}

// An event that only claims to be a schedule's in a request's body is the request.
func TestRequestsAreNotTakenForSchedules(t *testing.T) {
	t.Parallel()
	const request = `{"version":"2.0","rawPath":"/schedule/nightly","rawQueryString":"",
		"requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.1"},"domainName":"x.lambda-url.eu-west-1.on.aws"},
		"headers":{"host":"h"},"body":"{\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\"}"}`
	body, err := newScheduleInvoker(t, nil, "nightly").Invoke(t.Context(), []byte(request))
	if err != nil || !strings.Contains(string(body), `"statusCode":404`) {
		t.Errorf("%s, %v, want the response 404", body, err)
	}
}
