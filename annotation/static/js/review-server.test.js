import assert from "node:assert/strict";
import test from "node:test";
import { server } from "./review-server.js";

function talk(answer) {
  const calls = [];
  const fetch = async (url, options) => {
    calls.push({ url, ...options });
    if (answer instanceof Error) throw answer;
    const json = async () => JSON.parse(answer.body ?? "{}");
    return { status: 200, ok: (answer.status ?? 200) < 400, json, ...answer };
  };
  const made = server({ decideUrl: "/decide/", undoUrl: "/undo/", csrf: "token", fetch, timeout: () => undefined });
  return { ...made, calls };
}

test("a decision is sent as the form would send it, with its token", async () => {
  const { decide, calls } = talk({ body: '{"said": "Removed 2 videos."}' });
  const told = await decide({ action: "remove", videos: ["a", "b"], why: "blurred & dark" });
  assert.deepEqual(told, { said: "Removed 2 videos." });
  assert.equal(calls[0].url, "/decide/");
  assert.equal(calls[0].headers["X-CSRFToken"], "token");
  assert.equal(String(calls[0].body), "action=remove&why=blurred+%26+dark&videos=a&videos=b");
});

test("undo names a decision, or none for the last one", async () => {
  const { undo, calls } = talk({});
  await undo(7);
  await undo();
  assert.deepEqual(calls.map((call) => String(call.body)), ["decision=7", "decision="]);
});

test("a refusal throws the server's sentence", async () => {
  const refused = talk({ status: 400, body: '{"detail": "Undo decision 9 first."}' });
  await assert.rejects(refused.undo(), { message: "Undo decision 9 first." });
});

test("what is broken, far away or signed out is said so", async () => {
  await assert.rejects(talk({ status: 500, body: "<html>" }).undo(), /The server answered 500/);
  await assert.rejects(talk({ body: "<html>" }).undo(), /The server answered 200/);
  await assert.rejects(talk(new TypeError("fetch failed")).undo(), /cannot be reached/);
  await assert.rejects(talk({ redirected: true, body: "{}" }).undo(), /signed out/);
});
