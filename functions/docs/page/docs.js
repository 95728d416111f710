// The page on which a reader tries each call. The library shows the calls and sends them; this script
// gives it the access token of whoever signs in, and a new one before that expires.

import { accessToken, adopt, current, forget, signIn, signOut } from "./session.js";

const scheme = "bearer"; // the name of the security scheme in the document

const byId = (id) => document.getElementById(id);

let given = null; // the access token that the library sends

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
  const used = current();
  if (!used || request.headers?.Authorization !== `Bearer ${given}`) {
    return request;
  }
  try {
    const access = await accessToken();
    if (access !== given) {
      give(access);
      say("");
    }
    request.headers.Authorization = `Bearer ${access}`;
  } catch (error) {
    if (used === current()) { // the user has not signed out meanwhile
      if (error.status === 401) {
        leave();
      }
      say(error.message);
    }
    if (used !== current()) { // otherwise the token may still be valid
      delete request.headers.Authorization;
    }
  }
  return request;
}

// Calls that open, change or end the session do so for the page, too.
function responseInterceptor(response) {
  const path = new URL(response.url, location.href).pathname;
  if (response.ok && /\/(auth|refresh)$/.test(path) && response.body?.access_token) {
    adopt(response.body);
    enter(response.body);
  }
  if (response.status === 204 && /\/user\/password$/.test(path) && current()) {
    show(signedIn);
  }
  if (response.status === 204 && /\/(session|session\/current|user\/deletion)$/.test(path)) {
    leave();
  }
  return response;
}

// Gives the library another access token.
function give(access) {
  given = access;
  ui.preauthorizeApiKey(scheme, access);
}

const signedIn = "Signed in. Calls that take a token carry it, and it is renewed by itself.";

// Shows a session that was opened.
function enter(body) {
  give(body.access_token);
  show(body.must_change_password
    ? "Signed in with a temporary password: only PATCH /user/password will work."
    : signedIn);
}

// Forgets the session, and asks for another.
function leave() {
  forget();
  given = null;
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
    enter(await signIn(byId("id").value, byId("password").value));
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
  const revoked = signOut();
  leave();
  byId("id").focus();
  try {
    await revoked;
  } catch (error) {
    if (!error.endsSession) {
      say(`The session may not have ended: ${error.message}`);
    }
  }
});
