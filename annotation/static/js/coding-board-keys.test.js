import assert from "node:assert/strict";
import test from "node:test";

import { actionFor } from "./coding-board-keys.js";

test("digits gather, letters act", () => {
  assert.deepEqual(actionFor({ key: "0" }, true), { type: "gather", place: "0" });
  assert.deepEqual(actionFor({ key: "7" }, false), { type: "gather", place: "7" });
  assert.deepEqual(["j", "L", "x", "e", "m"].map((key) => actionFor({ key }, true).type), [
    "previous", "next", "tick", "rename", "merge",
  ]);
});

test("arrows move between codes, and are the page's own elsewhere", () => {
  assert.deepEqual(actionFor({ key: "ArrowDown" }, true), { type: "below" });
  assert.equal(actionFor({ key: "ArrowDown" }, false), null);
});

test("the browser's shortcuts and other keys are left alone", () => {
  assert.equal(actionFor({ key: "1", altKey: true }, true), null);
  assert.equal(actionFor({ key: "Enter" }, true), null);
});
