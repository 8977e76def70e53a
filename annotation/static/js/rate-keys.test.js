import assert from "node:assert/strict";
import test from "node:test";
import { actionFor } from "./rate-keys.js";

const press = (key, tagName = "BODY", more = {}) => actionFor({ key, target: { tagName, ...more } });

test("digits are choices, zero is none", () => {
  assert.deepEqual(press("1"), { type: "choice", index: 0 });
  assert.deepEqual(press("9"), { type: "choice", index: 8 });
  assert.deepEqual(press("0"), { type: "none" });
});

test("letters work in either case", () => {
  for (const [key, type] of [["r", "reveal"], ["X", "skip"], ["z", "back"], ["D", "definitions"]]) {
    assert.deepEqual(press(key), { type });
  }
});

test("Enter and Space act on the page, unless a control has the focus", () => {
  assert.deepEqual(press("Enter"), { type: "submit" });
  assert.deepEqual(press(" "), { type: "play" });
  assert.equal(press("Enter", "BUTTON"), null);
  assert.equal(press(" ", "BUTTON"), null);
  assert.equal(press(" ", "INPUT", { type: "checkbox" }), null);
  assert.deepEqual(press("Enter", "INPUT", { type: "checkbox" }), { type: "submit" });
});

test("the browser's own shortcuts are left alone", () => {
  assert.equal(actionFor({ key: "r", ctrlKey: true, target: { tagName: "BODY" } }), null);
  assert.equal(press("q"), null);
  assert.equal(press("Shift"), null);
});
