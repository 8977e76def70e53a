import assert from "node:assert/strict";
import test from "node:test";
import { api } from "./rate-api.js";

function server(status, body) {
  const calls = [];
  const fetch = async (url, options) => {
    calls.push({ url, ...options });
    return { status, ok: status < 400, json: async () => JSON.parse(body) };
  };
  return { calls, talk: api({ base: "/api/studies/3", csrf: "token", fetch, timeout: () => undefined }) };
}

test("an answer is sent with its token and its verdict read", async () => {
  const { calls, talk } = server(201, "{}");
  assert.deepEqual(await talk.send({ id: "a" }), { verdict: "kept", detail: "" });
  assert.equal(calls[0].url, "/api/studies/3/answers");
  assert.equal(calls[0].headers["X-CSRFToken"], "token");
  assert.equal(calls[0].body, '{"id":"a"}');
});

test("a refusal says why, even when it says nothing", async () => {
  assert.equal((await server(400, '{"detail": "Not yours."}').talk.send({})).detail, "Not yours.");
  assert.deepEqual(await server(400, "<html>").talk.send({}), { verdict: "refused", detail: "" });
});

test("what is not there is null, what is broken throws", async () => {
  assert.equal(await server(404, "{}").talk.last(), null);
  assert.deepEqual(await server(200, '{"clips": []}').talk.next(2), { clips: [] });
  await assert.rejects(server(500, "{}").talk.next(2));
});
