import { showCounts } from "./counts.js";
import { byId, setText, showText } from "./dom.js";
import { seconds } from "./format.js";
import { Poll } from "./poll.js";
import { current, forget, Refusal, request, signIn, signOut, stashWhileHidden } from "./session.js";
import { showServerTotals, showServiceTotals } from "./totals.js";
import { showSeries } from "./traffic.js";
import { closeDialog, onIssued, showWaiting } from "./waiting.js";

const poll = new Poll(load);
const minutes = () => byId("range").querySelector("input:checked").value;

// What is loaded, how it is shown, and a body without any data. One part that fails does not keep
// the others away.
const parts = [
  [() => "/backoffice/stat/server", (body) => { showServerTotals(body); showCounts(body); },
    { rps: 0, requests_24h: 0, by_status: {}, by_endpoint: [] }],
  [() => "/backoffice/stat/service", showServiceTotals, null],
  [() => `/backoffice/stat/series?minutes=${minutes()}`, showSeries, { step_seconds: 60, points: [] }],
  [() => "/backoffice/temporary-password?size=100", showWaiting, { items: [], next: null }],
];

async function load() {
  const session = current();
  const results = await Promise.allSettled(parts.map(async ([path, show]) => {
    const asked = path();
    const body = await request("GET", asked);
    if (session === current() && asked === path()) { // the period of the charts may be another one by now
      show(body);
    }
  }));
  if (session !== current()) {
    return; // the administrator has signed out
  }
  const errors = results.filter((r) => r.status === "rejected").map((r) => r.reason);
  const end = errors.find((e) => e.endsSession);
  if (end) {
    if (end.status === 401) {
      forget(); // there is nothing left to revoke
    }
    leave(end.status === 403 ? `This page is for administrators. ${end.message}` : end.message);
    return;
  }
  byId("sign-in").hidden = true;
  byId("session").hidden = byId("dashboard").hidden = false;
  showText(byId("problem"), errors[0] && `${errors[0].message} What you see may be old; the page tries again by itself.`);
  if (errors.length > 0) {
    throw errors[0];
  }
  setText(byId("updated"), `Updated ${seconds(new Date())}`);
}

// Ends the session, removes what it has shown, and asks for another. The text says why.
async function leave(why) {
  poll.stop();
  closeDialog();
  const revoked = signOut();
  byId("session").hidden = byId("dashboard").hidden = true;
  byId("sign-in").hidden = false;
  showText(byId("refusal"), why);
  byId("id").focus();
  parts.forEach(([, show, empty]) => show(empty));
  try {
    await revoked;
  } catch (error) {
    if (!error.endsSession && !why) {
      showText(byId("refusal"), `The session may not have ended: ${error.message}`);
    }
  }
}

async function enter(event) {
  event.preventDefault();
  const button = byId("sign-in").querySelector("button");
  button.disabled = true;
  showText(byId("refusal"), null);
  try {
    const body = await signIn(byId("id").value, byId("password").value);
    if (body.must_change_password) {
      throw new Refusal(403, "This password is temporary: it only serves to choose another one, with " +
        "PATCH /user/password. Choose one, and sign in with it.");
    }
    await poll.start();
  } catch (error) {
    forget();
    showText(byId("refusal"), error.message);
    byId("password").focus();
  } finally {
    byId("password").value = "";
    button.disabled = false;
  }
}

byId("sign-in").addEventListener("submit", enter);
byId("sign-out").addEventListener("click", () => leave(null));
byId("refresh").addEventListener("click", () => poll.now());
byId("range").addEventListener("change", () => poll.now());
onIssued(() => poll.now());

stashWhileHidden();
if (current()) {
  poll.start();
} else {
  byId("sign-in").hidden = false;
  byId("id").focus();
}
