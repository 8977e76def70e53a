import assert from "node:assert/strict";
import test from "node:test";
import { asksForKeys, isTyping, toggleDialog } from "./keys.js";

test("text is typed into fields, not into boxes that are ticked", () => {
  assert.equal(isTyping({ tagName: "TEXTAREA" }), true);
  assert.equal(isTyping({ tagName: "INPUT", type: "search" }), true);
  assert.equal(isTyping({ tagName: "INPUT", type: "checkbox" }), false);
  assert.equal(isTyping({ tagName: "BODY" }), false);
  assert.equal(isTyping({ tagName: "DIV", isContentEditable: true }), true);
  assert.equal(isTyping(null), false);
});

test("a question mark asks for the keys, unless it is typed", () => {
  assert.equal(asksForKeys({ key: "?", target: { tagName: "BODY" } }), true);
  assert.equal(asksForKeys({ key: "?", target: { tagName: "INPUT", type: "text" } }), false);
  assert.equal(asksForKeys({ key: "?", ctrlKey: true, target: { tagName: "BODY" } }), false);
  assert.equal(asksForKeys({ key: "k", target: { tagName: "BODY" } }), false);
});

test("the same key opens and closes", () => {
  const dialog = { open: false, showModal() { this.open = true; }, close() { this.open = false; } };
  toggleDialog(dialog);
  assert.equal(dialog.open, true);
  toggleDialog(dialog);
  assert.equal(dialog.open, false);
});
