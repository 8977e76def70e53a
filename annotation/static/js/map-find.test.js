import assert from "node:assert/strict";
import { test } from "node:test";

import { between, inside, middles, nearest, towards } from "./map-find.js";

// A cross: the middle, right, up, left, down, and one far right and a little up.
const x = Float32Array.from([0, 0.2, 0, -0.2, 0, 0.9]);
const y = Float32Array.from([0, 0, 0.2, 0, -0.2, 0.1]);
const points = { count: 6, x, y, group: Uint16Array.from([0, 0, 0, 1, 1, 2]) };

test("the nearest, if it is near enough", () => {
  assert.equal(nearest(points, 0.19, 0.01, 0.05), 1);
  assert.equal(nearest(points, 0.6, -0.6, 0.05), -1);
});

test("a lasso holds what it surrounds, however it is wound", () => {
  const line = [{ x: -0.1, y: -0.1 }, { x: 0.3, y: -0.1 }, { x: 0.3, y: 0.1 }, { x: -0.1, y: 0.1 }];
  assert.deepEqual(inside(points, line), [0, 1]);
  assert.deepEqual(inside(points, line.toReversed()), [0, 1]);
});

test("the hollow of a lasso is outside", () => {
  const bay = [{ x: -0.3, y: -0.3 }, { x: 0.3, y: -0.3 }, { x: 0.3, y: 0.3 }, { x: 0.1, y: 0.3 }, { x: 0.1, y: -0.1 }, { x: -0.1, y: -0.1 }, { x: -0.1, y: 0.3 }, { x: -0.3, y: 0.3 }];
  assert.deepEqual(inside(points, bay), [1, 3, 4]);
});

test("a lasso of one place holds nothing", () => {
  assert.deepEqual(inside(points, [{ x: 0, y: 0 }]), []);
});

test("between two corners, in any order", () => {
  assert.deepEqual(between(points, { x: -0.1, y: 0.3 }, { x: 0.3, y: -0.1 }), [0, 1, 2]);
});

test("steps go to the next point that way, and stop at the edge", () => {
  assert.equal(towards(points, 0, "right"), 1);
  assert.equal(towards(points, 1, "right"), 5);
  assert.equal(towards(points, 5, "right"), 5);
  assert.equal(towards(points, 0, "up"), 2);
  assert.equal(towards(points, 0, "down"), 4);
  assert.equal(towards(points, 0, "left"), 3);
});

test("the middle of a group is that of most of its points", () => {
  const [first, second, third] = middles(points, 4);
  assert.deepEqual([first.x, first.y], [0, 0]);
  assert.equal(second.x, 0);
  assert.ok(Math.abs(third.x - 0.9) < 1e-6);
  assert.equal(middles(points, 4)[3], 0);
});
