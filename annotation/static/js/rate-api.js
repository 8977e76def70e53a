// What the rating page asks of the server.

import { verdictOf } from "./rate-outbox.js";

const PATIENCE = 15_000; // milliseconds

export function api({ base, csrf, fetch, timeout = (ms) => AbortSignal.timeout(ms) }) {
  async function get(path) {
    const response = await fetch(`${base}${path}`, {
      headers: { Accept: "application/json" },
      signal: timeout(PATIENCE),
    });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return response.json();
  }

  async function send(answer) {
    const response = await fetch(`${base}/answers`, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(answer),
      keepalive: true,
      signal: timeout(PATIENCE),
    });
    return { verdict: verdictOf(response.status), detail: response.ok ? "" : await reason(response) };
  }

  return { next: (n) => get(`/next?n=${n}`), last: () => get("/answers/last"), send };
}

async function reason(response) {
  try {
    return (await response.json()).detail ?? "";
  } catch {
    return "";
  }
}
