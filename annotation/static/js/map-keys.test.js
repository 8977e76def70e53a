import assert from "node:assert/strict";
import { test } from "node:test";

import { actionFor } from "./map-keys.js";

test("arrows step, with Shift they push the map", () => {
  assert.deepEqual(actionFor({ key: "ArrowLeft" }), ["step", "left"]);
  assert.equal(actionFor({ key: "ArrowLeft", shiftKey: true })[0], "push");
});

test("letters count in either case, and keys of the browser are left to it", () => {
  assert.deepEqual(actionFor({ key: "R" }), ["reveal"]);
  assert.equal(actionFor({ key: "r", ctrlKey: true }), null);
  assert.equal(actionFor({ key: "Tab" }), null);
  assert.equal(actionFor({ key: "Escape" }), null);
});
