package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/response"
	"minifb/shared/stat"
	"minifb/shared/store"
)

type seriesInput struct {
	Minutes int `query:"minutes" minimum:"1" maximum:"1440" default:"60" doc:"How far to look back" example:"60"`
}

// Resolve returns the violations that huma does not find.
func (*seriesInput) Resolve(ctx huma.Context) []error { return api.RequireOnce(ctx, "minutes") }

type seriesOutput struct {
	Body struct {
		StepSeconds int     `json:"step_seconds" doc:"The length of a step: 10 up to an hour, then 300" example:"10"`
		Points      []point `json:"points" doc:"The steps, oldest first. The last one is not over yet"`
	}
}

type point struct {
	At       response.Time `json:"at" doc:"When the step began"`
	Requests int64         `json:"requests" doc:"Requests in the step" example:"120"`
	Errors   int64         `json:"errors" doc:"How many of them had a status of 500 or above" example:"0"`
	P50      *float64      `json:"p50_ms" nullable:"true" doc:"Half of them took this long or less" example:"2.4"`
	P99      *float64      `json:"p99_ms" nullable:"true" doc:"99 % of them took this long or less" example:"19.8"`
}

func (v views) series(ctx context.Context, in *seriesInput) (*seriesOutput, error) {
	length := time.Duration(in.Minutes) * time.Minute
	step := store.RequestStep
	if length > time.Hour {
		step = store.LongRequestStep
	}
	steps := int((length + step - 1) / step)
	from := v.now().Truncate(step).Add(-time.Duration(steps-1) * step)
	series, err := v.store.RequestSeries(ctx, from, step)
	if err != nil {
		return nil, err
	}
	out := &seriesOutput{}
	out.Body.StepSeconds = int(step.Seconds())
	out.Body.Points = points(from, step, steps, series)
	return out, nil
}

// points returns a point for each step, with the numbers of those that have requests.
func points(from time.Time, step time.Duration, steps int, series []store.RequestTimes) []point {
	list := make([]point, steps)
	for i := range list {
		list[i].At = response.Time(from.Add(time.Duration(i) * step))
	}
	for _, s := range series {
		if i := int(s.At.Sub(from) / step); i < steps { // another host's clock may be ahead
			list[i].Requests, list[i].Errors = s.Requests, s.Errors
			list[i].P50, list[i].P99 = new(stat.Milliseconds(s.P50)), new(stat.Milliseconds(s.P99))
		}
	}
	return list
}
