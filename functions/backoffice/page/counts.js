import { byId, element, setText, syncChildren } from "./dom.js";
import { share, whole } from "./format.js";

const few = 12; // how many endpoints are shown at first

const names = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized",
  403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
  412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
  422: "Unprocessable Content", 429: "Too Many Requests", 431: "Header Fields Too Large",
  500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
  504: "Gateway Timeout", 505: "HTTP Version Not Supported",
};

let all = false; // whether all endpoints are shown
let body = null; // of GET /backoffice/stat/server

/** Shows the tables for the body of GET /backoffice/stat/server. */
export function showCounts(current) {
  body = current;
  const total = body.requests_24h;
  const endpoints = body.by_endpoint.toSorted((a, b) => b.count - a.count);
  fill("endpoints", all ? endpoints : endpoints.slice(0, few), total, (e) => `${e.method} ${e.path}`, (e) =>
    e.path === "other"
      ? ["other (no such route)"]
      : [element("b", { className: "method" }, e.method), " ", element("code", {}, e.path)]);
  const statuses = Object.entries(body.by_status).map(([status, count]) => ({ status, count }));
  fill("statuses", statuses, total, (s) => s.status, (s) =>
    [element("b", { className: `status s${s.status[0]}` }, s.status), " ", names[s.status] ?? ""]);

  const button = byId("all-endpoints");
  button.hidden = endpoints.length <= few;
  button.setAttribute("aria-expanded", String(all));
  setText(button, all ? "Show fewer" : `Show all ${endpoints.length}`);
}

byId("all-endpoints").addEventListener("click", () => {
  all = !all;
  showCounts(body);
});

// The name of an item is made once: it is the key.
function fill(section, items, total, keyOf, name) {
  const make = (item) => element("tr", {},
    element("th", { scope: "row" }, ...name(item)), element("td"), element("td", { className: "share" }));
  syncChildren(byId(section).querySelector("tbody"), items, keyOf, make, (row, item) => {
    setText(row.children[1], whole(item.count));
    setText(row.children[2], share(item.count, total));
    row.children[2].style.setProperty("--part", total > 0 ? item.count / total : 0);
  });
}
