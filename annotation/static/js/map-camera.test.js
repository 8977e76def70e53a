import assert from "node:assert/strict";
import { test } from "node:test";

import { WHOLE, panned, shift, toMap, toWindow, zoomed } from "./map-camera.js";

const WINDOW = { width: 800, height: 600 };
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("the whole map fits, up is up, and pixels lead back to places", () => {
  const corner = toWindow(WHOLE, WINDOW, 1, 1);
  assert.ok(corner.x > 400 && corner.x < 800);
  assert.ok(corner.y > 0 && corner.y < 300);
  const back = toMap(WHOLE, WINDOW, corner.x, corner.y);
  near(back.x, 1);
  near(back.y, 1);
});

test("what is under the hand moves with it", () => {
  const before = toMap(WHOLE, WINDOW, 300, 200);
  const after = toWindow(panned(WHOLE, WINDOW, 50, -20), WINDOW, before.x, before.y);
  near(after.x, 350);
  near(after.y, 180);
});

test("what is under the pointer stays there when one zooms", () => {
  const before = toMap(WHOLE, WINDOW, 300, 200);
  const after = toWindow(zoomed(WHOLE, WINDOW, 3, 300, 200), WINDOW, before.x, before.y);
  near(after.x, 300);
  near(after.y, 200);
});

test("nobody gets lost: the middle stays on the map, and zoom has its ends", () => {
  assert.equal(panned(WHOLE, WINDOW, -1e6, 0).x, 1);
  assert.equal(zoomed(WHOLE, WINDOW, 1e9).zoom, 200);
  assert.equal(zoomed(WHOLE, WINDOW, 1e-9).zoom, 0.5);
});

test("a shifted picture shows each point where it would be drawn", () => {
  const camera = zoomed(panned(WHOLE, WINDOW, 70, 30), WINDOW, 1.3, 500, 100);
  const { x, y, times } = shift(WHOLE, camera, WINDOW);
  const drawn = toWindow(WHOLE, WINDOW, 0.4, -0.2);
  const wanted = toWindow(camera, WINDOW, 0.4, -0.2);
  near(400 + (drawn.x - 400) * times + x, wanted.x);
  near(300 + (drawn.y - 300) * times + y, wanted.y);
});
