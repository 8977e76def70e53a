import assert from "node:assert/strict";
import { test } from "node:test";

import { Hand } from "./map-hand.js";

function hand() {
  const heard = [];
  const listeners = {};
  const element = {
    addEventListener: (name, listener) => (listeners[name] = listener),
    getBoundingClientRect: () => ({ left: 10, top: 20 }),
    setPointerCapture: () => {},
  };
  const tell = (name) => (...rest) => heard.push([name, ...rest]);
  const on = Object.fromEntries(["held", "move", "zoom", "over", "click", "lasso", "drawn"].map((name) => [name, tell(name)]));
  const made = new Hand(element, on);
  const act = (name, x, y, more = {}) => listeners[`pointer${name}`]({ button: 0, pointerId: 1, clientX: x + 10, clientY: y + 20, ...more });
  const said = (name) => heard.filter(([each]) => each === name);
  return { made, act, said };
}

test("a drag moves, and is no click", () => {
  const { act, said } = hand();
  act("down", 5, 5);
  act("move", 25, 10);
  act("up", 25, 10);
  assert.deepEqual(said("move"), [["move", 20, 5]]);
  assert.deepEqual(said("click"), []);
  assert.deepEqual(said("held"), [["held", true], ["held", false]]);
});

test("a press that stays is a click", () => {
  const { act, said } = hand();
  act("down", 5, 5);
  act("move", 6, 5);
  act("up", 6, 5);
  assert.deepEqual(said("click"), [["click", 6, 5]]);
});

test("with Shift, or in the lasso's mode, a drag draws", () => {
  for (const shiftKey of [true, false]) {
    const { made, act, said } = hand();
    made.lasso = !shiftKey;
    act("down", 0, 0, { shiftKey });
    act("move", 30, 0);
    act("move", 30, 30);
    act("up", 30, 30);
    assert.deepEqual(said("lasso"), [["lasso", [{ x: 0, y: 0 }, { x: 30, y: 0 }, { x: 30, y: 30 }]]]);
    assert.deepEqual(said("move"), []);
  }
});

test("two fingers zoom about the one that stays", () => {
  const { act, said } = hand();
  act("down", 0, 0);
  act("down", 100, 0, { pointerId: 2 });
  act("move", 200, 0, { pointerId: 2 });
  assert.deepEqual(said("zoom"), [["zoom", 2, 0, 0]]);
});

test("without a press the pointer is only over something", () => {
  const { act, said } = hand();
  act("move", 7, 8);
  assert.deepEqual(said("over"), [["over", 7, 8]]);
});
