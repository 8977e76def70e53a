// What the review pages ask of the server. Every call gives its JSON or throws an Error with one sentence.

const PATIENCE = 30_000; // milliseconds

export function server({ decideUrl, undoUrl, ...wire }) {
  const post = poster(wire);

  const decide = ({ action, videos, why }) =>
    post(decideUrl, [["action", action], ["why", why], ...videos.map((sha256) => ["videos", sha256])]);
  const undo = (decision = "") => post(undoUrl, [["decision", decision]]);
  return { decide, undo };
}

// A function that sends fields to an address as a form would.
export function poster({ csrf, fetch, timeout = (ms) => AbortSignal.timeout(ms) }) {
  return async (url, fields) => {
    const response = await heard(
      fetch(url, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": csrf },
        body: new URLSearchParams(fields),
        signal: timeout(PATIENCE),
      }),
    );
    return told(response);
  };
}

async function heard(answer) {
  try {
    return await answer;
  } catch {
    throw new Error("The server cannot be reached, so nothing was changed. Try again.");
  }
}

async function told(response) {
  if (response.redirected) throw new Error("You are signed out. Load the page again to sign in.");
  const body = await read(response);
  if (response.ok && body) return body;
  throw new Error(body?.detail ?? `The server answered ${response.status}; load the page again to see what stands.`);
}

async function read(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}
