import assert from "node:assert/strict";
import test from "node:test";
import { Ask, MISSING } from "./review-ask.js";

class Part extends EventTarget {
  textContent = "";
  value = "";
  attributes = {};
  select() {
    this.selected = true;
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
}

const PARTS = ["form", "title", "text", "why", "error", "go", "cancel"];

class Dialog extends EventTarget {
  parts = Object.fromEntries(PARTS.map((name) => [name, new Part()]));
  open = false;
  querySelector(selector) {
    return this.parts[selector.match(/"(\w+)"/)[1]];
  }
  showModal() {
    this.open = true;
  }
  close() {
    if (!this.open) return;
    this.open = false;
    this.dispatchEvent(new Event("close"));
  }
}

const WORDS = { title: "Remove 2 videos?", text: "They leave the funnel.", button: "Remove" };

function asked() {
  const dialog = new Dialog();
  const ask = new Ask(dialog);
  const answer = ask.ask("remove", WORDS);
  const submit = (why) => {
    dialog.parts.why.value = why;
    dialog.parts.form.dispatchEvent(new Event("submit", { cancelable: true }));
  };
  return { dialog, ask, answer, submit };
}

test("it says what will happen and gives back the reason", async () => {
  const { dialog, answer, submit } = asked();
  assert.equal(dialog.parts.title.textContent, "Remove 2 videos?");
  assert.equal(dialog.parts.go.textContent, "Remove");
  submit("  out of focus ");
  assert.equal(await answer, "out of focus");
  assert.equal(dialog.open, false);
});

test("without a reason it stays open and says so beside the field", async () => {
  const { dialog, answer, submit } = asked();
  submit("  ");
  assert.equal(dialog.open, true);
  assert.equal(dialog.parts.error.textContent, MISSING);
  assert.equal(dialog.parts.why.attributes["aria-invalid"], "true");
  submit("dark");
  assert.equal(await answer, "dark");
});

test("cancel and Esc are no answer", async () => {
  const { dialog, answer } = asked();
  dialog.parts.cancel.dispatchEvent(new Event("click"));
  assert.equal(await answer, null);
});

test("the last reason for the same action is offered again", async () => {
  const { dialog, ask, answer, submit } = asked();
  submit("dark");
  await answer;
  ask.ask("remove", WORDS);
  assert.equal(dialog.parts.why.value, "dark");
  dialog.close();
  ask.ask("merge", WORDS);
  assert.equal(dialog.parts.why.value, "");
});
