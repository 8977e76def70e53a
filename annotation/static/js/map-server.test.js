import assert from "node:assert/strict";
import { test } from "node:test";

import { server } from "./map-server.js";

const urls = { points: "/p/", rows: "/r/", search: "/s/", list: "/l/" };
const asking = (fetch) => server({ urls, csrf: "token", fetch, timeout: () => undefined });
const answer = (body, { ok = true, status = 200, redirected = false } = {}) => ({
  ok,
  status,
  redirected,
  json: async () => JSON.parse(body),
  text: async () => body,
});

test("rows are asked for by the map they belong to", async () => {
  let asked;
  const { rows } = asking(async (url) => ((asked = url), answer('{"videos": [{"row": 2}]}')));
  assert.deepEqual(await rows("1-9-ab", [2, 5]), [{ row: 2 }]);
  assert.equal(asked, "/r/?map=1-9-ab&rows=2%2C5");
});

test("a list is sent by post, and comes as lines", async () => {
  let sent;
  const { list } = asking(async (_, options) => ((sent = options), answer("aa\nbb\n")));
  assert.deepEqual(await list("m", [1, 2]), ["aa", "bb"]);
  assert.equal(sent.method, "POST");
  assert.equal(sent.headers["X-CSRFToken"], "token");
  assert.equal(sent.body.get("rows"), "1,2");
});

test("every failure is one sentence", async () => {
  const said = (fetch) => asking(fetch).search("m", { text: "x" }).then(() => "", (error) => error.message);
  assert.equal(await said(async () => answer('{"detail": "Say more."}', { ok: false, status: 400 })), "Say more.");
  assert.match(await said(async () => answer("<html>", { ok: false, status: 500 })), /answered 500/);
  assert.match(await said(async () => answer("", { redirected: true })), /signed out/);
  assert.match(await said(() => Promise.reject(new TypeError("down"))), /cannot be reached/);
});
