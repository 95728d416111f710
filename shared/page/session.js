// Signing in, and requests with the access token.
//
// The tokens are in memory, and not in a cookie: a cookie would be sent with requests that another
// site makes, and the API reads none.

const stashKey = "minifb.tokens";
const early = 30_000; // milliseconds before its end at which an access token is replaced
const patience = 20_000; // milliseconds that a response may take

let session = null; // {access, refresh, until}; renewal: the promise of the POST /refresh under way
let stashes = false; // whether the tokens are stored while the page is hidden

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

/** The session: an object that stays the same while its tokens are replaced. Null if there is none. */
export const current = () => session;

/** Opens a session, and returns the body of POST /auth. */
export async function signIn(id, password) {
  let body;
  try {
    body = await send("POST", "/auth", { body: { id, password } });
  } catch (error) {
    if (error.status === 404 || error.status === 405) {
      throw new Refusal(error.status, "This address serves one function alone, without the sign-in. " +
        "Open the page at the address of the whole bundle, such as that of nginx, the API gateway or make run.");
    }
    throw error;
  }
  adopt(body);
  return body;
}

/** Goes on with a session that was opened otherwise, by its body of POST /auth or POST /refresh. */
export function adopt(body) {
  session = {};
  keep(session, body);
}

/** Forgets the session, and revokes it as far as the server can be reached. */
export async function signOut() {
  const left = session;
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
  session = null;
  storage((s) => s.removeItem(stashKey));
}

/** Returns the access token. One that has expired, or soon will, is replaced first. */
export async function accessToken() {
  const used = session;
  if (Date.now() > used.until) {
    await renew(used);
  }
  return used.access;
}

/** Sends a request with the access token, and returns the body. */
export async function request(method, path) {
  const used = session;
  const access = await accessToken();
  try {
    return await send(method, path, { access });
  } catch (error) {
    if (error.status !== 401 || session !== used) {
      throw error;
    }
  }
  if (used.access === access) { // no other request has replaced it meanwhile
    await renew(used);
  }
  return send(method, path, { access: used.access });
}

// Replaces the tokens of a session. The user may sign out meanwhile, and somebody else in: then the
// new tokens are of no use.
async function renew(used) {
  used.renewal ??= send("POST", "/refresh", { body: { refresh_token: used.refresh } })
    .then((body) => used === session && keep(used, body))
    .finally(() => { used.renewal = null; });
  await used.renewal;
  if (used !== session) {
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

function keep(kept, body) {
  kept.access = body.access_token;
  kept.refresh = body.refresh_token;
  kept.until = Date.now() + body.expires_in * 1000 - early;
  if (document.hidden) {
    stash();
  }
}

/**
 * Stores the tokens in sessionStorage while the page is hidden, and goes on with those that are there:
 * so a reload, or a phone that drops a hidden page, does not sign the user out. They are not there
 * while the page is visible: a duplicated tab would get a copy, and the second use of a refresh token
 * revokes the session.
 */
export function stashWhileHidden() {
  stashes = true;
  session = storage((s) => JSON.parse(s.getItem(stashKey)));
  unstash();
  document.addEventListener("visibilitychange", () => (document.hidden ? stash() : unstash()));
  addEventListener("pagehide", stash);
  addEventListener("pageshow", unstash); // the page may come back as it was
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
  if (stashes && session) {
    storage((s) => s.setItem(stashKey, JSON.stringify(session, ["access", "refresh", "until"])));
  }
}

function unstash() {
  if (!document.hidden) {
    storage((s) => s.removeItem(stashKey));
  }
}
