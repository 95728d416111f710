package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"minifb/shared/store"
)

// storedAfter is how long after the end of a step at most its requests are stored, besides those that
// no function has responded to: maintenance adds these up to ten seconds later.
const storedAfter = time.Second

type serverStatOutput struct {
	Body struct {
		RPS        float64          `json:"rps" doc:"Requests/s, last full 10 s; may lack refused ones" example:"12.5"`
		Requests24 int64            `json:"requests_24h" doc:"Requests in the last 24 hours" example:"30210"`
		ByStatus   map[string]int64 `json:"by_status" doc:"How many had each status" example:"{\"200\": 30000}"`
		ByEndpoint []endpointCount  `json:"by_endpoint" doc:"How many of them each endpoint had, most first"`
	}
}

type endpointCount struct {
	Method string `json:"method" doc:"The request's method; * beside the path other" example:"GET"`
	Path   string `json:"path" doc:"A route's pattern, or other for requests without one" example:"/post/{id}"`
	Count  int64  `json:"count" doc:"How many requests" example:"1200"`
}

// serverStat counts requests of every function, and those that nginx or the gateway refused.
func (v views) serverStat(ctx context.Context, _ *struct{}) (*serverStatOutput, error) {
	now := v.now()
	last := now.Add(-storedAfter).Truncate(store.RequestStep).Add(-store.RequestStep)
	counts, err := v.store.RequestCounts(ctx, now.Add(-24*time.Hour).Truncate(store.RequestStep), last)
	if err != nil {
		return nil, err
	}
	out := &serverStatOutput{}
	out.Body.ByStatus, out.Body.ByEndpoint = map[string]int64{}, endpointCounts(counts)
	var lastStep int64
	for _, c := range counts {
		lastStep += c.Last
		out.Body.Requests24 += c.N
		out.Body.ByStatus[strconv.Itoa(c.Status)] += c.N
	}
	out.Body.RPS = float64(lastStep) / store.RequestStep.Seconds()
	return out, nil
}

// endpointCounts returns the counts of each endpoint, over all statuses: most first, then by path
// and method.
func endpointCounts(counts []store.EndpointCount) []endpointCount {
	type key struct{ method, path string }
	totals := map[key]int64{}
	for _, c := range counts {
		totals[key{c.Method, c.Path}] += c.N
	}
	list := make([]endpointCount, 0, len(totals))
	for k, n := range totals {
		list = append(list, endpointCount{k.method, k.path, n})
	}
	slices.SortFunc(list, func(a, b endpointCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return list
}
