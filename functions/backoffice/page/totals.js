import { byId, element, setText, syncChildren } from "./dom.js";
import { date, decimal, share, whole } from "./format.js";

const order = ["rps", "requests", "errors", "users", "posts", "today", "waiting"];
const tiles = {}; // by their key

/** Shows the body of GET /backoffice/stat/server. */
export function showServerTotals(body) {
  const failed = Object.entries(body.by_status).filter(([status]) => status >= "500")
    .reduce((sum, [, count]) => sum + count, 0);
  tiles.rps = { name: "Requests per second", value: decimal(body.rps), note: "last 10 seconds" };
  tiles.requests = { name: "Requests", value: whole(body.requests_24h), note: "last 24 hours" };
  tiles.errors = {
    name: "Errors (5xx)", value: whole(failed), bad: failed > 0,
    note: `${share(failed, body.requests_24h)} of the requests`,
  };
  draw();
}

/** Shows the body of GET /backoffice/stat/service; null removes what was shown. */
export function showServiceTotals(body) {
  if (!body) {
    ["users", "posts", "today"].forEach((key) => delete tiles[key]);
    draw();
    return;
  }
  tiles.users = { name: "Users", value: whole(body.users), note: "accounts" };
  tiles.posts = { name: "Posts", value: whole(body.posts), note: "in all" };
  tiles.today = { name: "Posts today", value: whole(body.posts_today), note: `${date(body.date)}, ${body.timezone}` };
  draw();
}

/** Shows how many users wait for a temporary password, as text. */
export function showWaitingTotal(count) {
  tiles.waiting = { name: "Waiting", value: count, note: "for a temporary password" };
  draw();
}

function draw() {
  const shown = order.filter((key) => tiles[key]);
  syncChildren(byId("totals"), shown, (key) => key, make, (child, key) => update(child, tiles[key]));
}

function make() {
  const [value, note] = ["value", "note"].map((className) => element("dd", { className }));
  return element("div", {}, element("dt"), value, note);
}

function update(child, tile) {
  const [name, value, note] = child.children;
  setText(name, tile.name);
  setText(value, tile.value);
  value.style.setProperty("--length", Math.max(tile.value.length, 1));
  setText(note, tile.note);
  child.classList.toggle("bad", Boolean(tile.bad));
}
