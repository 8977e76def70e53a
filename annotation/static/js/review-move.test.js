import assert from "node:assert/strict";
import test from "node:test";
import { between, moved } from "./review-move.js";

// Three, two (the first lower by a hair), and one.
const PLACES = [
  { x: 100, y: 100 }, { x: 300, y: 100 }, { x: 500, y: 100 },
  { x: 150, y: 402 }, { x: 420, y: 400 },
  { x: 500, y: 800 },
];

test("the first move comes to the first card", () => {
  assert.equal(moved(PLACES, -1, "next"), 0);
  assert.equal(moved([], -1, "next"), -1);
});

test("along the page, and no further than its ends", () => {
  assert.equal(moved(PLACES, 2, "next"), 3);
  assert.equal(moved(PLACES, 5, "next"), 5);
  assert.equal(moved(PLACES, 3, "previous"), 2);
  assert.equal(moved(PLACES, 0, "previous"), 0);
});

test("up and down go to the nearest card of the next row", () => {
  assert.equal(moved(PLACES, 0, "below"), 3);
  assert.equal(moved(PLACES, 2, "below"), 4);
  assert.equal(moved(PLACES, 3, "below"), 5);
  assert.equal(moved(PLACES, 5, "below"), 5);
  assert.equal(moved(PLACES, 5, "above"), 4);
  assert.equal(moved(PLACES, 4, "above"), 2);
  assert.equal(moved(PLACES, 1, "above"), 1);
});

test("what lies between two cards is taken with both", () => {
  assert.deepEqual(between(2, 4), [2, 3, 4]);
  assert.deepEqual(between(4, 2), [2, 3, 4]);
  assert.deepEqual(between(1, 1), [1]);
});
