import assert from "node:assert/strict";
import test from "node:test";

import { counter } from "./coding-count.js";

function made(ask) {
  const timers = new Map();
  const heard = [];
  let next = 0;
  const count = counter({
    ask,
    told: (said) => heard.push(said),
    later: (act) => timers.set((next += 1), act) && next,
    clear: (timer) => timers.delete(timer),
  });
  const rest = async () => {
    for (const [timer, act] of [...timers]) {
      timers.delete(timer);
      await act();
    }
  };
  return { count, heard, rest };
}

test("only what rests is asked for", async () => {
  const asked = [];
  const { count, heard, rest } = made(async (fields) => asked.push(fields) && `${fields} items`);
  count(1);
  count(12);
  await rest();
  assert.deepEqual([asked, heard], [[12], ["12 items"]]);
});

test("a late answer does not replace a newer one, and a failed one says nothing", async () => {
  let release;
  const { count, heard, rest } = made((fields) =>
    fields === "slow" ? new Promise((done) => (release = done)) : Promise.reject(new Error("offline")),
  );
  count("slow");
  const waiting = rest();
  count("new");
  await rest();
  release("late");
  await waiting;
  assert.deepEqual(heard, [""]);
});
