import assert from "node:assert/strict";
import test from "node:test";

import { Picker, fit, folded } from "./coding-picker.js";

const option = (name, more = {}) => ({ name, chosen: false, digit: 0, ...more });

function picker() {
  return new Picker([
    option("red disc", { digit: 1 }),
    option("disc", { digit: 2, chosen: true }),
    option("Überfall", { digit: 3 }),
    option("a cat"),
  ]);
}

test("names are compared without case, accents and doubled blanks", () => {
  assert.equal(folded("  Über \n Fall "), "uber fall");
  assert.deepEqual(["Disc", "red disc", "bedisced", "cat"].map((name) => fit(name, "disc")), [0, 1, 2, 3]);
});

test("typing finds the best fit first and marks it", () => {
  const codes = picker();
  codes.type("di");
  assert.deepEqual(codes.found.map((one) => one.name), ["disc", "red disc"]);
  assert.equal(codes.marked.name, "disc");
  assert.equal(codes.fresh, "di");
});

test("what only holds the text inside a word does not stand before a new code", () => {
  const codes = picker();
  codes.type("fall");
  assert.deepEqual(codes.found.map((one) => one.name), ["Überfall"]);
  assert.equal(codes.marked, null);
  codes.move(-1);
  assert.equal(codes.marked.name, "Überfall");
});

test("a code of that name is never made twice, whatever the case", () => {
  const codes = picker();
  codes.type("RED  disc");
  assert.equal(codes.fresh, "");
  assert.equal(codes.add(true).name, "red disc");
  assert.equal(codes.options.length, 4);
});

test("the marks go round, over the new one too", () => {
  const codes = picker();
  codes.type("disc");
  assert.equal(codes.fresh, "");
  codes.move(1);
  assert.equal(codes.marked.name, "red disc");
  codes.move(1);
  assert.equal(codes.marked.name, "disc");
});

test("adding chooses, makes what is new, and clears the text", () => {
  const codes = picker();
  codes.type("ca");
  codes.add();
  codes.type("blue");
  assert.equal(codes.add().fresh, true);
  assert.deepEqual(codes.order.map((one) => one.name), ["disc", "a cat", "blue"]);
  assert.deepEqual([codes.text, codes.marked], ["", null]);
});

test("digits toggle, and the last one is taken back first", () => {
  const codes = picker();
  codes.toggle(3);
  codes.toggle(1);
  assert.equal(codes.toggle(9), undefined);
  assert.equal(codes.takeBack().name, "red disc");
  codes.toggle(2);
  assert.deepEqual(codes.order.map((one) => one.name), ["Überfall"]);
  codes.takeBack();
  assert.equal(codes.takeBack(), undefined);
});
