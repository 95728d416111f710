import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { decimal, duration, milliseconds, whole } from "./format.js";

// A logarithmic scale, on which one slow request does not hide all others, has no zero.
const positive = (ms) => (ms === null ? null : Math.max(ms, 0.1));

let step = 60; // the seconds that a point stands for

const charts = [
  new Chart({
    title: "Requests per second",
    series: [{ name: "Requests", colour: "--accent", area: true, of: (p) => p.requests / step }],
    format: { short: decimal, long: (n) => `${decimal(n)} per second` },
  }),
  new Chart({
    title: "Errors (5xx)",
    series: [{ name: "Errors", colour: "--bad", bars: true, of: (p) => p.errors }],
    format: { short: decimal, long: (n) => `${whole(n)} in ${duration(step)}` },
  }),
  new Chart({
    title: "Latency",
    logarithmic: true,
    series: [
      { name: "p99", colour: "--warm", of: (p) => positive(p.p99_ms) },
      { name: "p50", colour: "--accent", of: (p) => positive(p.p50_ms) },
    ],
    format: { short: milliseconds, long: milliseconds },
  }),
];
byId("charts").append(...charts.map((c) => c.element));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((c) => c.redraw()));

/** Draws the body of GET /backoffice/stat/series. */
export function showSeries(body) {
  step = body.step_seconds;
  const complete = body.points.slice(0, -1); // the newest step is still under way
  charts.forEach((c) => c.show(complete));
}
