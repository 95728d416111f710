// Signing in, and requests with the access token.
//
// The tokens are in memory, and not in a cookie: a cookie would be sent with requests that another
// site makes, and the API reads none. While the page is hidden they are in sessionStorage, too, so
// that a reload, or a phone that drops a hidden page, does not sign the administrator out. They are
// not there while the page is visible: a duplicated tab would get a copy, and the second use of a
// refresh token revokes the session.

const stashKey = "minifb.tokens";
const early = 30_000; // milliseconds before its end at which an access token is replaced
const patience = 20_000; // milliseconds that a response may take

let tokens = null; // {access, refresh, until}
let refreshing = null; // the promise of the one POST /refresh that is under way

/** An error response, or a request without a response. The message is the hint. */
export class Refusal extends Error {
  constructor(status, hint, retryAfter = 0) {
    super(hint);
    this.status = status; // 0: there was no response
    this.retryAfter = retryAfter; // seconds
  }

  /** Whether the session has ended, or is not that of an administrator. */
  get endsSession() {
    return this.status === 401 || this.status === 403;
  }
}

export const signedIn = () => tokens !== null;

/** Opens a session. Refusals are those of POST /auth, and of a password that is only temporary. */
export async function signIn(id, password) {
  let body;
  try {
    body = await send("POST", "/auth", { body: { id, password } });
  } catch (error) {
    if (error.status === 404 || error.status === 405) {
      throw new Refusal(error.status, "This address serves the back office alone, without the sign-in. " +
        "Open the page at the address of the whole bundle, such as that of nginx, the API gateway or make run.");
    }
    throw error;
  }
  if (body.must_change_password) {
    throw new Refusal(403, "This password is temporary: it only serves to choose another one, with " +
      "PATCH /user/password. Choose one, and sign in with it.");
  }
  keep(body);
}

/** Forgets the session, and revokes it as far as the server can be reached. */
export async function signOut() {
  const left = tokens;
  forget();
  if (!left) {
    return;
  }
  let access = left.access;
  if (Date.now() > left.until) {
    access = (await send("POST", "/refresh", { body: { refresh_token: left.refresh } })).access_token;
  }
  await send("DELETE", "/session/current", { access });
}

/** Forgets the session without a request. */
export function forget() {
  tokens = null;
  refreshing = null; // the next session does not wait for it
  storage((s) => s.removeItem(stashKey));
}

/**
 * Sends a request with the access token, and returns the body. A token that has expired, or soon
 * will, is replaced first.
 */
export async function request(method, path) {
  if (Date.now() > tokens.until) {
    await refresh();
  }
  const used = tokens;
  try {
    return await send(method, path, { access: used.access });
  } catch (error) {
    if (error.status !== 401 || tokens === null) {
      throw error;
    }
  }
  if (tokens === used) { // no other request has replaced them meanwhile
    await refresh();
  }
  return send(method, path, { access: tokens.access });
}

// A refresh replaces the tokens that it was sent for, and no others: the administrator may have
// signed out meanwhile, and somebody else in.
async function refresh() {
  const used = tokens;
  const mine = refreshing ??= send("POST", "/refresh", { body: { refresh_token: used.refresh } })
    .then((body) => tokens === used && keep(body));
  try {
    await mine;
  } finally {
    if (refreshing === mine) {
      refreshing = null;
    }
  }
  if (!tokens) {
    throw new Refusal(401, "The session has ended; sign in again.");
  }
}

async function send(method, path, { body, access }) {
  const headers = {};
  if (access) {
    headers.Authorization = `Bearer ${access}`;
  }
  if (body) {
    headers["Content-Type"] = "application/json";
  }
  let response, text;
  try {
    // Relative to the page, as the name of a stage or a mapping may come before all paths.
    response = await fetch(`.${path}`, {
      method, headers, body: body && JSON.stringify(body),
      credentials: "omit", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(patience),
    });
    text = await response.text();
  } catch (error) {
    throw new Refusal(0, error.name === "TimeoutError"
      ? `The server has not responded within ${patience / 1000} seconds.`
      : "The server cannot be reached.");
  }
  if (response.ok && !text) {
    return null;
  }
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(response.status, `The server returned status ${response.status} without a readable body.`);
  }
  if (!response.ok) {
    throw new Refusal(response.status, String(value?.hint ?? `Status ${response.status}`),
      Number(response.headers.get("Retry-After")) || 0);
  }
  return value;
}

function keep(body) {
  tokens = {
    access: body.access_token, refresh: body.refresh_token,
    until: Date.now() + body.expires_in * 1000 - early,
  };
  if (document.hidden) {
    stash();
  }
}

// The browser's settings may forbid storage. Then a reload signs out.
function storage(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}

function stash() {
  if (tokens) {
    storage((s) => s.setItem(stashKey, JSON.stringify(tokens)));
  }
}

function unstash() {
  if (!document.hidden) {
    storage((s) => s.removeItem(stashKey));
  }
}

tokens = storage((s) => JSON.parse(s.getItem(stashKey)));
unstash();
document.addEventListener("visibilitychange", () => (document.hidden ? stash() : unstash()));
addEventListener("pagehide", stash);
addEventListener("pageshow", unstash); // the page may come back as it was
