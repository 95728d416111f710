package main

import (
	"context"
	"time"
)

type serviceStatOutput struct {
	Body struct {
		Posts      int64  `json:"posts" doc:"How many posts there are" example:"61"`
		Users      int64  `json:"users" doc:"How many accounts there are" example:"36"`
		PostsToday int64  `json:"posts_today" doc:"How many of the posts were created today" example:"5"`
		Date       string `json:"date" doc:"Today's date" example:"2026-05-03"`
		TimeZone   string `json:"timezone" doc:"The time zone of the date: that of TIMEZONE" example:"Asia/Seoul"`
	}
}

func (v views) serviceStat(ctx context.Context, _ *struct{}) (*serviceStatOutput, error) {
	now := v.now().In(v.zone)
	totals, err := v.store.Totals(ctx, startOfDay(now))
	if err != nil {
		return nil, err
	}
	out := &serviceStatOutput{}
	out.Body.Posts, out.Body.Users, out.Body.PostsToday = totals.Posts, totals.Users, totals.NewPosts
	out.Body.Date, out.Body.TimeZone = now.Format(time.DateOnly), v.zone.String()
	return out, nil
}

// startOfDay returns when the day of a time begins where the time is. A day consists of quarter hours:
// of 96, or a few more or less where clocks are changed. It may begin at another time than 0:00, or
// have that time twice.
func startOfDay(t time.Time) time.Time {
	const quarter = 15 * time.Minute
	start := t.Truncate(quarter)
	for start.Add(-quarter).Day() == t.Day() {
		start = start.Add(-quarter)
	}
	return start
}
