import uPlot from "./uplot.js";
import { element, setAttributes, setText } from "./dom.js";
import { precise, seconds, time } from "./format.js";

// A canvas takes no colours from style sheets; they are read from its variables at each drawing.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const height = 180; // pixels
const cursors = uPlot.sync("time"); // a cursor moves in all charts at once

// The steps of a scale for whole numbers.
const counts = Array.from({ length: 10 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat();

// The seconds after the newest point, where a bar still has room that begins at its time.
function margin(times) {
  const step = times.length > 1 ? times[1] - times[0] : 0;
  return Math.max(step, (times.at(-1) - times[0]) / 100);
}

// Only these have a line on a logarithmic scale.
const powerOfTen = (n) => (Number.isInteger(Math.log10(n)) ? n : null);

/**
 * A chart of values over time, with what a canvas lacks: the values under the cursor as text, which
 * the arrow keys move, and all values as a table.
 *
 * A series has a name, a colour (a variable of the style sheet), whether it is drawn as bars or as
 * a line above an area, and `of`, which returns its value in a point of GET /backoffice/stat/series, or null. The format
 * writes a value, for the scale (short) and for the text (long). A logarithmic scale has no zero.
 */
export class Chart {
  element;
  #title;
  #logarithmic;
  #series;
  #format;
  #points = [];
  #plot = null;
  #surface = element("div", { className: "plot", tabIndex: 0 });
  #readout = element("p", { className: "readout" });
  #table = element("table");
  #details = element("details", {}, element("summary", {}, "As a table"));

  constructor({ title, logarithmic = false, series, format }) {
    this.#title = title;
    this.#logarithmic = logarithmic;
    this.#series = series;
    this.#format = format;
    const scroll = element("div", { className: "scroll", tabIndex: 0 }, this.#table);
    setAttributes(scroll, { role: "region", "aria-label": `${title}: all values` });
    setAttributes(this.#surface, { role: "slider", "aria-label": `${title}, by time`, "aria-valuemin": 0 });
    this.#details.append(scroll);
    this.#details.addEventListener("toggle", () => this.#fillTable());
    this.element = element("figure", {}, element("figcaption", {}, title),
      this.#readout, this.#surface, this.#details);
    this.#surface.addEventListener("keydown", (event) => this.#moveBy(event));
    this.#surface.addEventListener("blur", () => this.#moveTo(-10));
    new ResizeObserver(() => this.#resize()).observe(this.#surface);
  }

  /** Draws other points, oldest first. */
  show(points) {
    this.#points = points;
    const data = [points.map((p) => Date.parse(p.at) / 1000), ...this.#series.map((s) => points.map(s.of))];
    if (this.#plot) {
      this.#change((plot) => plot.setData(data));
    } else {
      this.#plot = new uPlot(this.#options(), data, this.#surface);
      this.#resize();
    }
    this.#read();
    this.#fillTable();
  }

  /** Draws the same points again, in the colours of today. */
  redraw() {
    this.#plot?.redraw(false);
  }

  #options() {
    const axis = {
      stroke: () => colour("--muted"), font: "12px system-ui, sans-serif",
      grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false },
    };
    return {
      width: this.#surface.clientWidth || 300, height, legend: { show: false }, padding: [10, 8, 0, 0],
      cursor: { sync: { key: cursors.key }, y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: (plot, min, max) => [min, max === null ? null : max + margin(plot.data[0])] },
        y: this.#logarithmic ? { distr: 3 } : { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
      },
      axes: [
        {
          ...axis, grid: { show: false }, space: 60, size: 28,
          values: (_, splits) => splits.map((s) => time(s * 1000)),
        },
        {
          ...axis, size: 56, incrs: this.#series[0].bars ? counts : undefined,
          grid: { ...axis.grid, filter: (_, splits) => (this.#logarithmic ? splits.map(powerOfTen) : splits) },
          values: (_, splits) => splits.map((n) => (n === null ? "" : this.#format.short(n))),
        },
      ],
      series: [{}, ...this.#series.map((s) => this.#line(s))],
      hooks: { setCursor: [() => this.#read()] },
    };
  }

  #line(series) {
    const stroke = () => colour(series.colour);
    return {
      label: series.name, stroke, width: series.bars ? 0 : 1.5,
      fill: series.bars ? stroke : series.area && (() => `${colour(series.colour)}22`),
      paths: series.bars ? uPlot.paths.bars({ size: [0.8, 24, 3], align: 1 }) : uPlot.paths.linear(),
      points: { show: false },
    };
  }

  #resize() {
    const width = this.#surface.clientWidth;
    if (this.#plot && width > 0) {
      this.#change((plot) => plot.setSize({ width, height }));
    }
  }

  // Changes the plot and keeps the time under the cursor. uPlot keeps the pixel, which may stand for another time then:
  // a chart without any value is wider than the others, for want of an axis.
  #change(change) {
    const at = this.#plot.data[0][this.#plot.cursor.idx];
    this.#plot.batch(change);
    this.#moveTo(at === undefined ? -10 : this.#plot.valToPos(at, "x"), false);
  }

  // The point under the cursor, or else the newest.
  #current() {
    return Math.min(this.#plot?.cursor.idx ?? Infinity, this.#points.length - 1);
  }

  #read() {
    const i = this.#current();
    const point = this.#points[i];
    const parts = this.#series.map((s) => {
      const value = point ? s.of(point) : null;
      return { ...s, text: value === null ? "none" : this.#format.long(value) };
    });
    const when = point ? seconds(new Date(point.at)) : "";
    this.#readout.replaceChildren(element("time", {}, when), ...parts.map((s) =>
      element("span", {}, element("i", { className: s.colour.slice(2) }), `${s.name} `, element("b", {}, s.text))));
    const text = parts.map((s) => `${s.name} ${s.text}`).join(", ");
    setAttributes(this.#surface, {
      "aria-valuemax": Math.max(this.#points.length - 1, 0), "aria-valuenow": Math.max(i, 0),
      "aria-valuetext": point ? `${when}: ${text}` : "no values yet",
    });
  }

  #moveBy(event) {
    const last = this.#points.length - 1;
    const i = this.#current();
    const to = {
      ArrowLeft: i - 1, ArrowDown: i - 1, ArrowRight: i + 1, ArrowUp: i + 1,
      PageDown: i - 10, PageUp: i + 10, Home: 0, End: last,
    }[event.key];
    if (to === undefined || last < 0) {
      return;
    }
    event.preventDefault();
    const at = this.#plot.data[0][Math.min(Math.max(to, 0), last)];
    this.#moveTo(this.#plot.valToPos(at, "x"));
  }

  // Moves the cursor, in all charts or in this one alone. A negative position is none.
  #moveTo(left, all = true) {
    this.#plot?.setCursor({ left, top: Math.min(left, 0) }, true, all);
  }

  #fillTable() {
    if (!this.#details.open) {
      return; // it would be made anew each time for nobody
    }
    const head = element("tr", {}, ...["Time", ...this.#series.map((s) => s.name)]
      .map((name) => element("th", { scope: "col" }, name)));
    const rows = this.#points.toReversed().map((p) => element("tr", {},
      element("th", { scope: "row" }, precise(new Date(p.at))),
      ...this.#series.map((s) => element("td", {}, s.of(p) === null ? "–" : this.#format.short(s.of(p))))));
    this.#table.replaceChildren(element("caption", {}, `${this.#title}, newest first`),
      element("thead", {}, head), element("tbody", {}, ...rows));
  }
}
