import assert from "node:assert/strict";
import test from "node:test";
import { shareOf, valueAt } from "./review-threshold.js";

const PLAIN = { low: -1, high: 1, log: false };
const DECADES = { low: 0.1, high: 1000, log: true };

test("a plain axis is even", () => {
  assert.equal(valueAt(0.25, PLAIN), -0.5);
  assert.equal(shareOf(0.5, PLAIN), 0.75);
});

test("an axis over decades gives each the same room", () => {
  assert.equal(valueAt(0.5, DECADES), 10);
  assert.equal(shareOf(100, DECADES).toFixed(6), "0.750000");
});

test("values beyond the axis stand at its ends", () => {
  assert.equal(shareOf(7, PLAIN), 1);
  assert.equal(shareOf(-7, PLAIN), 0);
  assert.equal(shareOf(0, DECADES), 0);
});

test("a value and its place lead to each other", () => {
  for (const axis of [PLAIN, DECADES]) {
    for (const share of [0, 0.2, 0.37, 1]) {
      assert.ok(Math.abs(shareOf(valueAt(share, axis), axis) - share) < 0.01);
    }
  }
});
