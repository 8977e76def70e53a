import assert from "node:assert/strict";
import { test } from "node:test";

import { decode } from "./map-wire.js";

function written(head, { steps, x, y, group }) {
  let json = JSON.stringify(head);
  json += " ".repeat((4 - (json.length % 4)) % 4);
  const parts = [
    new Uint32Array([json.length]),
    new TextEncoder().encode(json),
    new Uint32Array(steps),
    new Uint16Array(x),
    new Uint16Array(y),
    new Uint16Array(group),
  ];
  return Buffer.concat(parts.map((part) => Buffer.from(part.buffer)));
}

const whole = written({ count: 3, map: "1-9-ab" }, { steps: [2, 1, 5], x: [0, 65_535, 32_768], y: [65_535, 0, 0], group: [1, 0, 7] });
const bufferOf = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

test("rows are sums of their steps, places run from -1 to 1", () => {
  const { head, rows, x, y, group } = decode(bufferOf(whole));
  assert.equal(head.map, "1-9-ab");
  assert.deepEqual([...rows], [2, 3, 8]);
  assert.deepEqual([x[0], x[1], y[0], y[1]], [-1, 1, 1, -1]);
  assert.ok(Math.abs(x[2]) < 1e-4);
  assert.deepEqual([...group], [1, 0, 7]);
});

test("no points at all are no error", () => {
  assert.equal(decode(bufferOf(written({ count: 0 }, { steps: [], x: [], y: [], group: [] }))).rows.length, 0);
});

test("a part is refused", () => {
  assert.throws(() => decode(bufferOf(whole.subarray(0, whole.length - 2))), /in part only/);
});
