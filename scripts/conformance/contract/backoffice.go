package contract

import (
	"net/http"
	"strings"
	"time"

	"minifb/scripts/conformance/check"
)

// backofficeCases check what only an administrator may see.
func backofficeCases() []check.Case {
	var all list
	all.add("backoffice/page", "GET /backoffice is the dashboard, for anyone.", func(t *check.T) {
		isHTML(get(t, nil, "/backoffice"))
	})
	all.admin("backoffice/me", "The administrator's role is admin.", func(t *check.T) {
		get(t, t.Admin(), "/user").Is(meShape).Has("role", "admin")
	})
	all.admin("backoffice/server", "GET /backoffice/stat/server is 200 with ServerStat.", func(t *check.T) {
		r := get(t, t.Admin(), "/backoffice/stat/server").Is(serverStatShape)
		byStatus, _ := r.Get("by_status").(map[string]any)
		var sum int64
		for status := range byStatus {
			sum += r.Int("by_status." + status)
		}
		check.Equal(t, "the sum of by_status", sum, r.Int("requests_24h"))
		endpoints, _ := r.Get("by_endpoint").([]any)
		sum = 0
		for i := range endpoints {
			sum += r.Int("by_endpoint." + itoa(i) + ".count")
		}
		check.Equal(t, "the sum of by_endpoint", sum, r.Int("requests_24h"))
	})
	all.admin("backoffice/counting", "The counts are by route pattern, and unmatched requests are 'other'.",
		func(t *check.T) {
			u := t.Borrow()
			post := newPost(t, u, "x")
			counts := func() map[string]int64 {
				r := get(t, t.Admin(), "/backoffice/stat/server")
				all := map[string]int64{"requests": r.Int("requests_24h")}
				endpoints, _ := r.Get("by_endpoint").([]any)
				for i := range endpoints {
					at := "by_endpoint." + itoa(i)
					all[r.Text(at+".method")+" "+r.Text(at+".path")] += r.Int(at + ".count")
				}
				return all
			}
			before := counts()
			for range 3 {
				get(t, nil, post)
				t.Send(check.Request{Do: "GET /nowhere"})
			}
			t.Eventually(25*time.Second, "3 requests more of GET /post/{id}, and of other", func() bool {
				now := counts()
				other := now["* other"] >= before["* other"]+3 || now["GET other"] >= before["GET other"]+3
				return now["GET /post/{id}"] >= before["GET /post/{id}"]+3 && other &&
					now["requests"] >= before["requests"]+6
			})
			for name := range counts() {
				if strings.HasSuffix(name, "/"+strings.TrimPrefix(post, "/post/")) {
					t.Failf("paths as route patterns", "%s", name)
				}
			}
		})
	return append(all, totalCases()...)
}

// totalCases check the numbers that the dashboard shows.
func totalCases() []check.Case {
	var all list
	all.admin("backoffice/service", "GET /backoffice/stat/service is 200 with ServiceStat.", func(t *check.T) {
		get(t, t.Admin(), "/backoffice/stat/service").Is(serviceStatShape)
	})
	all.admin("backoffice/totals", "Totals equal the rows, always.", func(t *check.T) {
		u := t.NewUser()
		stat := func() *check.Response {
			r := get(t, t.Admin(), "/backoffice/stat/service")
			if r.Int("posts") < r.Int("posts_today") || r.Int("users") < 1 {
				r.Failf("posts of at least posts_today, and users", "fewer")
			}
			return r
		}
		before := stat()
		// Other cases add and delete meanwhile. They delete a few of what was there before, so most of many shows.
		const many = 40
		for range many {
			newPost(t, u, "x")
		}
		check.Equal(t, "posts", size(get(t, u, "/timeline?size=100")), many)
		after := stat()
		grown := []string{"posts"}
		if after.Text("date") == before.Text("date") {
			grown = append(grown, "posts_today") // which begins at 0 at midnight
		}
		for _, name := range grown {
			if least := before.Int(name) + many/2; after.Int(name) < least {
				after.Failf(name+": at least "+itoa(least)+", after "+itoa(many)+" posts more than at "+
					itoa(before.Int(name)), "%d", after.Int(name))
			}
		}
	})
	all.admin("backoffice/series", "GET /backoffice/stat/series has a point for each step, oldest first.",
		func(t *check.T) {
			for _, minutes := range []int{0, 1, 60, 1440} {
				path := "/backoffice/stat/series"
				if minutes > 0 {
					path += "?minutes=" + itoa(minutes)
				} else {
					minutes = 60
				}
				isSeries(get(t, t.Admin(), path).Is(seriesShape), minutes)
			}
		})
	all.admin("backoffice/series of bad minutes", "minutes is 1 to 1440, else 400.", func(t *check.T) {
		for _, bad := range []string{"0", "1441", "-1", "x", "1.5", "", "1&minutes=2"} {
			t.Send(check.Request{Do: "GET /backoffice/stat/series?minutes=" + bad, As: t.Admin()}).
				Want(http.StatusBadRequest).Hints("minutes", "1", "1440")
		}
	})
	return all
}

func isSeries(r *check.Response, minutes int) {
	points, _ := r.Get("points").([]any)
	step := r.Int("step_seconds")
	want := int64(minutes) * 60 / step
	if n := int64(len(points)); n < want || n > want+1 {
		r.Failf(itoa(want)+" points", "%d", n)
	}
	var last time.Time
	for i := range points {
		at := "points." + itoa(i)
		begun, err := time.Parse(time.RFC3339, r.Text(at+".at"))
		if err != nil || i > 0 && begun.Sub(last) != time.Duration(step)*time.Second {
			r.Failf("a point each "+itoa(step)+" seconds", "%s after %s", begun, last)
		}
		last = begun
		isEmpty := r.Int(at+".requests") == 0
		if isEmpty != (r.Get(at+".p50_ms") == nil) || isEmpty != (r.Get(at+".p99_ms") == nil) {
			r.Failf("latencies of null for an empty step alone", "%v", r.Get(at))
		}
		if r.Int(at+".errors") > r.Int(at+".requests") {
			r.Failf("no more errors than requests", "%v", r.Get(at))
		}
	}
	if age := time.Since(last); age < -time.Minute || age > time.Duration(step+60)*time.Second {
		r.Failf("a last point of now", "%s", last)
	}
}
