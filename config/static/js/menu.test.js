import assert from "node:assert/strict";
import test from "node:test";
import { isOpen, setOpen } from "./menu.js";

test("the button says what the menu shows", () => {
  const attributes = {};
  const button = { getAttribute: (name) => attributes[name], setAttribute: (name, value) => (attributes[name] = value) };
  const element = { dataset: {} };
  assert.equal(isOpen(button), false);
  setOpen(button, element, true);
  assert.equal(isOpen(button), true);
  assert.equal(element.dataset.open, "true");
  setOpen(button, element, false);
  assert.equal(isOpen(button), false);
});
