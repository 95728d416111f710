// The page on which a reader tries each call. The library shows the calls and sends them; this script
// gives it the access token of whoever signs in, and a new one before that expires.

const early = 30_000; // milliseconds before its end at which an access token is replaced
const scheme = "bearer"; // the name of the security scheme in the document

const byId = (id) => document.getElementById(id);

let tokens = null; // {access, refresh, until}
let renewing = null; // the promise of the one POST /refresh that is under way

// In the dark scheme the library's style sheet needs a class.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

const ui = window.SwaggerUIBundle({
  url: "openapi.json",
  domNode: byId("calls"),
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  tryItOutEnabled: true,
  displayRequestDuration: true,
  syntaxHighlight: { theme: "arta" }, // the default one has too little contrast
  validatorUrl: null, // it would send the document elsewhere
  requestInterceptor,
  responseInterceptor,
});

// A call that would carry an access token that is about to expire gets another one first.
async function requestInterceptor(request) {
  const header = request.headers?.Authorization;
  if (tokens && header === `Bearer ${tokens.access}` && Date.now() > tokens.until) {
    renewing ??= renew().finally(() => { renewing = null; });
    await renewing;
    if (tokens) {
      request.headers.Authorization = `Bearer ${tokens.access}`;
    } else {
      delete request.headers.Authorization;
    }
  }
  return request;
}

// Calls that open or end the session do so for the page, too.
function responseInterceptor(response) {
  const path = new URL(response.url, location.href).pathname;
  if (response.ok && /\/(auth|refresh)$/.test(path) && response.body?.access_token) {
    keep(response.body);
  }
  const ended = /\/(session|session\/current|user\/deletion)$/.test(path);
  if (response.status === 204 && ended) {
    forget();
  }
  return response;
}

async function renew() {
  try {
    keep(await send("POST", "refresh", { refresh_token: tokens.refresh }));
  } catch (error) {
    forget();
    say(error.message);
  }
}

// Sends a request and returns the body of its response. It throws an Error with the hint.
async function send(method, path, body, access) {
  const headers = { "Content-Type": "application/json" };
  if (access) {
    headers.Authorization = `Bearer ${access}`;
  }
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
  const text = await response.text();
  if (!response.ok) {
    let hint = `The server returned status ${response.status}.`;
    try {
      hint = JSON.parse(text).hint;
    } catch { /* not from the API */ }
    throw new Error(hint);
  }
  return text ? JSON.parse(text) : null;
}

function keep(body) {
  tokens = { access: body.access_token, refresh: body.refresh_token, until: Date.now() + body.expires_in * 1000 - early };
  ui.preauthorizeApiKey(scheme, tokens.access);
  show(body.must_change_password
    ? "Signed in with a temporary password: only PATCH /user/password will work."
    : "Signed in. Calls that take a token carry it, and it is renewed by itself.");
}

function forget() {
  tokens = null;
  ui.authActions.logout([scheme]);
  show(null);
}

// Shows whether somebody is signed in.
function show(state) {
  byId("sign-in").hidden = byId("sign-in-help").hidden = state !== null;
  byId("signed-in").hidden = state === null;
  byId("state").textContent = state ?? "";
  say("");
}

// Shows why something failed.
function say(problem) {
  byId("refusal").hidden = !problem;
  byId("refusal").textContent = problem;
}

byId("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = byId("sign-in").querySelector("button");
  button.disabled = true;
  try {
    keep(await send("POST", "auth", { id: byId("id").value, password: byId("password").value }));
    byId("sign-out").focus();
  } catch (error) {
    say(error.message);
    byId("password").focus();
  } finally {
    byId("password").value = "";
    button.disabled = false;
  }
});

byId("sign-out").addEventListener("click", async () => {
  const { access } = tokens;
  forget();
  byId("id").focus();
  try {
    await send("DELETE", "session/current", null, access);
  } catch (error) {
    say(`The session may not have ended: ${error.message}`);
  }
});
