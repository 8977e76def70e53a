import assert from "node:assert/strict";
import test from "node:test";
import { Selection } from "./review-selection.js";

function ticked(values) {
  const heard = [];
  const boxes = values.map((value) => ({ value, checked: false }));
  return { boxes, heard, selection: new Selection(boxes, (n) => heard.push(n)) };
}

test("a card is ticked and unticked", () => {
  const { selection, heard } = ticked(["a", "b"]);
  selection.toggle(1);
  assert.deepEqual(selection.videos, ["b"]);
  selection.toggle(1);
  assert.deepEqual(selection.videos, []);
  assert.deepEqual(heard, [1, 0]);
});

test("a stretch is ticked at once, in the order of the page", () => {
  const { selection } = ticked(["a", "b", "c", "d"]);
  selection.set([3, 1, 2]);
  assert.deepEqual(selection.videos, ["b", "c", "d"]);
  selection.clear();
  assert.deepEqual(selection.videos, []);
});

test("a video on two cards counts once", () => {
  const { selection, heard } = ticked(["a", "b", "a"]);
  selection.set([0, 2]);
  assert.deepEqual(selection.videos, ["a"]);
  assert.deepEqual(heard, [1]);
});

test("boxes that were ticked by hand count", () => {
  const { selection, boxes, heard } = ticked(["a", "b"]);
  boxes[0].checked = true;
  selection.told();
  assert.deepEqual(heard, [1]);
});
