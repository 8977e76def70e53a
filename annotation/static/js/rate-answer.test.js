import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY, SKIPPED, asAnswer, fromAnswer, isComplete, toggleLabel, toggleNone } from "./rate-answer.js";

test("nothing ticked is no answer", () => {
  assert.equal(isComplete(EMPTY), false);
});

test("a choice can be ticked and unticked", () => {
  const one = toggleLabel(EMPTY, "violent");
  assert.deepEqual(asAnswer(one), { outcome: "labels", labels: ["violent"] });
  assert.equal(isComplete(toggleLabel(one, "violent")), false);
});

test("several choices may be ticked", () => {
  const two = toggleLabel(toggleLabel(EMPTY, "violent"), "political");
  assert.deepEqual(asAnswer(two).labels, ["violent", "political"]);
});

test("none clears the others, and the other way round", () => {
  const none = toggleNone(toggleLabel(EMPTY, "violent"));
  assert.deepEqual(none, { labels: [], none: true });
  assert.deepEqual(asAnswer(none), { outcome: "none", labels: [] });
  assert.deepEqual(toggleLabel(none, "political"), { labels: ["political"], none: false });
  assert.equal(isComplete(toggleNone(none)), false);
});

test("an answer and its ticks are told from each other", () => {
  for (const answer of [{ outcome: "none", labels: [] }, { outcome: "labels", labels: ["violent"] }]) {
    assert.deepEqual(asAnswer(fromAnswer(answer)), answer);
  }
  assert.equal(isComplete(fromAnswer(SKIPPED)), false);
});
