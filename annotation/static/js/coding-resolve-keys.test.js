import assert from "node:assert/strict";
import test from "node:test";

import { actionFor } from "./coding-resolve-keys.js";

test("a digit takes a coder's codes, if there is that coder", () => {
  assert.deepEqual(actionFor({ key: "2" }, 2), { take: 1 });
  assert.equal(actionFor({ key: "3" }, 2), null);
});

test("letters open one's own codes and show the thing; Space plays unless a control has it", () => {
  assert.deepEqual(["e", "R", " "].map((key) => actionFor({ key }, 2)), ["own", "reveal", "play"]);
  assert.equal(actionFor({ key: " ", target: { tagName: "INPUT" } }, 2), null);
  assert.equal(actionFor({ key: "r", ctrlKey: true }, 2), null);
});
