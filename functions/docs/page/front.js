// The front page asks the API itself whether it responds: the page alone needs no database.

const health = document.getElementById("health");
try {
  const response = await fetch("post?size=1", { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(20_000) });
  const body = await response.json();
  health.textContent = response.ok
    ? "It runs, and its database responds."
    : `It runs, but not as it should: ${body.hint}`;
  health.className = response.ok ? "good" : "bad";
} catch {
  health.textContent = "It runs, but the API has not responded just now.";
  health.className = "bad";
}
