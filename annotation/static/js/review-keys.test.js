import assert from "node:assert/strict";
import test from "node:test";
import { actionFor } from "./review-keys.js";

const press = (key, more = {}) => actionFor({ key, target: { tagName: "ARTICLE" }, ...more });

test("letters act in either case, and say whether Shift was held", () => {
  assert.deepEqual(press("k"), { type: "keep", wide: false });
  assert.deepEqual(press("R", { shiftKey: true }), { type: "reveal", wide: true });
  for (const [key, type] of [["d", "remove"], ["s", "split"], ["m", "merge"], ["z", "undo"], ["x", "select"]]) {
    assert.equal(press(key).type, type);
  }
});

test("arrows and their letters move", () => {
  assert.deepEqual(press("ArrowRight"), { type: "next", wide: false });
  assert.deepEqual(press("ArrowDown", { shiftKey: true }), { type: "below", wide: true });
  assert.equal(press("j").type, "previous");
  assert.equal(press("l").type, "next");
});

test("Space plays, unless a control has the focus", () => {
  assert.deepEqual(press(" "), { type: "play", wide: false });
  for (const tagName of ["BUTTON", "A", "INPUT", "SUMMARY"]) assert.equal(press(" ", { target: { tagName } }), null);
});

test("the browser's own shortcuts and other keys are left alone", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(press("r", { [held]: true }), null);
  for (const key of ["Enter", "Escape", "Tab", "Shift", "q", "?"]) assert.equal(press(key), null);
});
