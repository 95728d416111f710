import { byId, element, setAttributes, setText, showText, syncChildren } from "./dom.js";
import { moment, seconds, whole } from "./format.js";
import { request } from "./session.js";
import { showWaitingTotal } from "./totals.js";

const dialog = byId("issue");
let current = null; // the request for which the dialog is open
let opener = null; // the button that opened the dialog
let before = 0; // how many requests were shown last
let issued = () => {}; // called after a password was issued

/** Calls f after a password was issued. */
export const onIssued = (f) => { issued = f; };

/** Shows the body of GET /backoffice/temporary-password. */
export function showWaiting({ items, next }) {
  const table = byId("waiting").querySelector("table");
  const focused = table.contains(document.activeElement);
  table.hidden = items.length === 0;
  byId("no-requests").hidden = items.length > 0;
  byId("more-requests").hidden = next === null;
  syncChildren(table.querySelector("tbody"), items, (item) => String(item.id), makeRow, updateRow);
  if (focused && !table.contains(document.activeElement)) {
    byId("waiting-title").focus(); // its row has gone
  }
  if (items.length > before) {
    setText(byId("announcement"), `${whole(items.length)} waiting for a temporary password.`);
  }
  before = items.length;
  showWaitingTotal(whole(items.length) + (next === null ? "" : "+"));
}

// Names may hold markup and marks of another writing direction: bdi keeps their effect inside.
function makeRow(item) {
  const button = element("button", { type: "button" }, "Issue…");
  setAttributes(button, { "aria-label": `Issue a temporary password for ${item.user.id}` });
  button.addEventListener("click", () => open(item, button));
  return element("tr", {},
    element("th", { scope: "row" }, element("code", {}, item.user.id), " ", element("bdi")),
    element("td"), element("td", {}, button));
}

function updateRow(row, item) {
  setText(row.querySelector("bdi"), item.user.name);
  setText(row.children[1], moment(new Date(item.created_at)));
}

function open(item, button) {
  current = item;
  opener = button;
  clear();
  setText(byId("issue-name"), item.user.name);
  setText(byId("issue-id"), item.user.id);
  dialog.showModal();
}

/** Closes the dialog, with the password that it may show. */
export const closeDialog = () => dialog.close();

function clear() {
  byId("issue-question").hidden = false;
  byId("issue-result").hidden = true;
  byId("issue-confirm").disabled = false;
  for (const id of ["issue-password", "issue-expiry", "issue-copied"]) {
    setText(byId(id), "");
  }
  showText(byId("issue-refusal"), null);
}

async function issue() {
  const item = current;
  const isShown = () => dialog.open && item === current;
  byId("issue-confirm").disabled = true;
  let body;
  try {
    body = await request("POST", `/backoffice/user/${encodeURIComponent(item.user.id)}/temporary-password`);
  } catch (error) {
    if (isShown()) { // the dialog may be open for another request by now
      byId("issue-confirm").disabled = false;
      showText(byId("issue-refusal"), error.message);
    }
    return;
  }
  issued();
  if (!isShown()) {
    return; // it was closed meanwhile; another password can be issued
  }
  setText(byId("issue-password"), body.temporary_password);
  setText(byId("issue-expiry"), seconds(new Date(body.expires_at)));
  byId("issue-question").hidden = true;
  byId("issue-result").hidden = false;
  byId("issue-password").focus();
}

async function copy() {
  const password = byId("issue-password");
  try {
    await navigator.clipboard.writeText(password.textContent);
    setText(byId("issue-copied"), "It is on the clipboard.");
  } catch { // without HTTPS there is no clipboard
    getSelection().selectAllChildren(password);
    setText(byId("issue-copied"), "It is selected; copy it with Ctrl+C.");
  }
}

byId("issue-confirm").addEventListener("click", issue);
byId("issue-copy").addEventListener("click", copy);
byId("issue-cancel").addEventListener("click", closeDialog);
byId("issue-close").addEventListener("click", closeDialog);
dialog.addEventListener("close", () => {
  if (dialog.open) {
    return; // a late event: it is open for another request by now
  }
  current = null;
  clear();
  if (!opener.isConnected) { // its row has gone
    byId("waiting-title").focus();
  }
});
