import assert from "node:assert/strict";
import { test } from "node:test";

import { PER_PAGE, SORTS, pageOf } from "./map-order.js";

const points = { group: Uint16Array.from([2, 0, 1, 0]) };
const sorted = (name, near = new Map()) => [0, 1, 2, 3].sort(SORTS[name](points, near));

test("by group, then as the points come", () => {
  assert.deepEqual(sorted("group"), [1, 3, 2, 0]);
});

test("the nearest first, those without a nearness last", () => {
  assert.deepEqual(sorted("near", new Map([[2, 0.1], [0, 0.9]])), [0, 2, 1, 3]);
});

test("pages hold so many, and one beyond the last is the last", () => {
  const numbers = Array.from({ length: PER_PAGE + 1 }, (_, at) => at);
  assert.deepEqual(pageOf(numbers, 0).numbers, numbers.slice(0, PER_PAGE));
  assert.deepEqual(pageOf(numbers, 9), { numbers: [PER_PAGE], page: 1, pages: 2 });
  assert.deepEqual(pageOf([], 3), { numbers: [], page: 0, pages: 1 });
});
