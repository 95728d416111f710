package pages

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// What the scripts of the dashboard do with bodies and errors that the real functions return seldom.
func TestScriptsOfTheDashboard(t *testing.T) {
	t.Parallel()
	s := serveAreas(t, "backoffice")
	p := open(t, desktop)
	west := emulation.SetTimezoneOverrideParams{TimezoneID: "America/Los_Angeles"}
	_, err := chromedp.Call(p.ctx, emulation.SetTimezoneOverride, west)
	must(t, err)
	p.visit(s.URL)
	p.waitText("#sign-in", "Password")
	for _, c := range []struct{ what, module, code, want string }{
		{"the day of a server east of here", "format", `return module.date("2026-11-26");`, "Nov 26, 2026"},
		{
			"statuses that are errors", "totals", `
			const by_status = {200: 9, 404: 8, 499: 7, 500: 3, 503: 1};
			module.showServerTotals({rps: 0, requests_24h: 28, by_status, by_endpoint: []});
			return [...document.querySelectorAll("#totals div")].find((e) => /5xx/.test(e.textContent)).textContent;`,
			"Errors (5xx)414% of the requests",
		},
		{
			"the busiest endpoints", "counts", `
			const by_endpoint = Array.from({length: 20}, (_, i) => ({method: "GET", path: "/" + i, count: i}));
			module.showCounts({rps: 0, requests_24h: 190, by_status: {}, by_endpoint});
			const rows = [...document.querySelectorAll("#endpoints tbody tr")];
			return rows.length + ": " + rows[0].cells[0].textContent + " to " + rows.at(-1).cells[0].textContent;`,
			"12: GET /19 to GET /8",
		},
		{
			"a step that is still under way", "traffic", `
			const points = [1, 2, 3].map((n) =>
				({at: "2026-11-26T00:0" + n + ":00Z", requests: 60 * n, errors: 0, p50_ms: n, p99_ms: n}));
			module.showSeries({step_seconds: 60, points});
			return document.querySelector("#charts [role=slider]").ariaValueText;`,
			"16:02:00: Requests 2 per second",
		},
		{
			"the charts keep the time under the cursor", "traffic", `
			const show = async (step, points, latency) => {
				module.showSeries({step_seconds: step, points: Array.from({length: points}, (_, i) => ({
					at: new Date(Date.UTC(2026, 10, 26) - 1000 * step * (points - i)).toISOString(),
					requests: i, errors: 0, p50_ms: latency, p99_ms: latency}))});
				await null; // uPlot draws in a microtask
			};
			const shown = () => [...new Set([...document.querySelectorAll(".readout time")].map((e) => e.textContent))];
			await show(60, 61, 5);
			const slider = document.querySelector("#charts [role=slider]");
			for (const key of ["ArrowLeft", "PageDown", "PageDown", "ArrowUp"]) {
				slider.dispatchEvent(new KeyboardEvent("keydown", {key}));
			}
			const times = [shown()];
			for (const next of [[60, 61, null], [300, 289, null], [300, 289, 5], [60, 11, 5]]) {
				await show(...next);
				times.push(shown());
			}
			return times.join();`,
			"15:38:00,15:38:00,15:40:00,15:40:00,15:58:00",
		},
		{
			"pauses between failures", "poll", `
			const set = globalThis.setTimeout, waits = [];
			globalThis.setTimeout = (_, wait) => { waits.push(wait); };
			let failure = {retryAfter: 1000};
			const poll = new module.Poll(async () => { if (failure) { throw failure; } });
			await poll.start();
			failure = {};
			await poll.now();
			await poll.now();
			failure = null;
			await poll.now();
			poll.stop();
			globalThis.setTimeout = set;
			return waits.join();`,
			"1000000,20000,40000,10000",
		},
		{
			"a server that hangs", "session", `
			const limits = [];
			AbortSignal.timeout = (limit) => {
				limits.push(limit);
				return AbortSignal.abort(new DOMException("late", "TimeoutError"));
			};
			return module.signIn("root.1", "horse").catch((error) => limits + ": " + error.message);`,
			"20000: The server has not responded within 20 seconds.",
		},
	} {
		got := eval[string](p, fmt.Sprintf(`(async () => {
			const module = await import(new URL("%s.js", document.querySelector("script[type=module]").src));
			%s
		})()`, c.module, c.code))
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
