import assert from "node:assert/strict";
import test from "node:test";

import { actionFor } from "./coding-keys.js";

const press = (key, { place = "", empty = true, ...more } = {}) =>
  actionFor({ key, target: { tagName: "BODY" }, ...more }, place, empty)?.type ?? null;

test("outside of text single keys act", () => {
  const wanted = { c: "find", "/": "find", M: "memo", r: "reveal", p: "prompt", z: "undo", " ": "play" };
  for (const [key, type] of Object.entries(wanted)) assert.equal(press(key), type);
  assert.deepEqual(actionFor({ key: "3" }, "", true), { type: "toggle", digit: 3 });
  assert.deepEqual(["Enter", "Backspace", "ArrowLeft", "ArrowRight"].map((key) => press(key)), [
    "submit", "back", "before", "after",
  ]);
  assert.equal(press("0"), null);
});

test("in the field of codes letters are typed, and Enter adds", () => {
  const typed = { place: "find", empty: false };
  for (const key of ["m", "z", "1", " ", "Backspace", "ArrowLeft"]) assert.equal(press(key, typed), null);
  assert.equal(press("Enter", typed), "add");
  assert.equal(press("Enter", { ...typed, shiftKey: true }), "new");
  assert.deepEqual(["ArrowDown", "ArrowUp", "Escape"].map((key) => press(key, typed)), ["down", "up", "leave"]);
});

test("while that field is empty, keys that write no name act", () => {
  const empty = { place: "find" };
  assert.deepEqual(["4", "Enter", "Backspace", " ", "ArrowRight"].map((key) => press(key, empty)), [
    "toggle", "submit", "back", "play", "after",
  ]);
  assert.equal(press("m", empty), null);
});

test("a memo is text, and Ctrl with Enter submits from anywhere", () => {
  for (const key of ["Enter", "1", "z", " "]) assert.equal(press(key, { place: "text" }), null);
  for (const place of ["", "text", "find"]) {
    assert.equal(press("Enter", { place, ctrlKey: true, empty: false }), "submit");
    assert.equal(press("Enter", { place, metaKey: true }), "submit");
  }
});

test("a control keeps its own keys, the browser its shortcuts", () => {
  for (const tagName of ["BUTTON", "A", "SUMMARY"]) {
    assert.equal(press("Enter", { target: { tagName } }), null);
    assert.equal(press(" ", { target: { tagName } }), null);
  }
  assert.equal(press(" ", { target: { tagName: "INPUT" } }), null);
  assert.equal(press("z", { ctrlKey: true }), null);
  assert.equal(press("Escape"), null);
});
