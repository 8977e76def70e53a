// What the map asks of the server. Every call gives its answer or throws an Error with one sentence.

const PATIENCE = 60_000; // milliseconds: the first search loads the text encoder

export function server({ urls, csrf, fetch, timeout = (ms) => AbortSignal.timeout(ms) }) {
  async function ask(url, options = {}) {
    const response = await heard(fetch(url, { ...options, signal: timeout(PATIENCE) }));
    if (response.redirected) throw new Error("You are signed out. Load the page again to sign in.");
    if (response.ok) return response;
    throw new Error(await sentence(response));
  }

  const query = (url, fields) => `${url}?${new URLSearchParams(fields)}`;
  const points = async (colour) => (await ask(query(urls.points, { colour }))).arrayBuffer();
  const rows = async (map, numbers) => (await (await ask(query(urls.rows, { map, rows: numbers.join(",") }))).json()).videos;
  const search = async (map, wanted) => (await ask(query(urls.search, { map, ...wanted }))).json();
  // The SHA-256s of the videos in these rows.
  async function list(map, numbers) {
    const body = new URLSearchParams({ map, rows: numbers.join(",") });
    const text = await (await ask(urls.list, { method: "POST", headers: { "X-CSRFToken": csrf }, body })).text();
    return text.split("\n").filter(Boolean);
  }
  return { points, rows, search, list };
}

async function heard(answer) {
  try {
    return await answer;
  } catch {
    throw new Error("The server cannot be reached. Try again.");
  }
}

async function sentence(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return `The server answered ${response.status}; load the page again.`;
  }
}
