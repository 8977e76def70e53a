import assert from "node:assert/strict";
import test from "node:test";

import { Drag } from "./coding-drag.js";

function board() {
  const root = new EventTarget();
  const heard = [];
  const say = (name) => (...told) => heard.push([name, ...told]);
  const drag = new Drag(root, {
    pick: (target, type) => (type === "touch" ? null : "code"),
    place: (event) => (event.clientX > 100 ? "theme" : null),
    start: (thing) => heard.push(["start", thing]),
    move: () => {},
    over: say("over"),
    drop: say("drop"),
    end: say("end"),
  });
  const send = (type, x, more = {}) => {
    const event = new Event(type, { cancelable: true });
    Object.assign(event, { clientX: x, clientY: 0, button: 0, pointerType: "mouse", ...more });
    root.dispatchEvent(event);
    return event;
  };
  return { drag, heard, send };
}

test("what is dragged onto a place is dropped there, and is no click", () => {
  const { heard, send } = board();
  send("pointerdown", 0);
  send("pointermove", 50);
  send("pointermove", 150);
  send("pointerup", 150);
  assert.deepEqual(heard, [["start", "code"], ["over", null], ["over", "theme"], ["end"], ["drop", "code", "theme"]]);
  assert.equal(send("click", 150).defaultPrevented, true);
  assert.equal(send("click", 150).defaultPrevented, false);
});

test("a press that trembles is a click", () => {
  const { heard, send } = board();
  send("pointerdown", 0);
  send("pointermove", 3);
  send("pointerup", 3);
  assert.deepEqual(heard, []);
  assert.equal(send("click", 3).defaultPrevented, false);
});

test("dropped on nothing, or given up, nothing moves", () => {
  const { drag, heard, send } = board();
  send("pointerdown", 0);
  send("pointermove", 50);
  send("pointerup", 50);
  send("pointerdown", 0);
  send("pointermove", 150);
  drag.stop();
  send("pointerup", 150);
  assert.deepEqual(heard.filter(([name]) => name === "drop"), []);
});

test("other buttons, and touch outside of a handle, drag nothing", () => {
  const { heard, send } = board();
  send("pointerdown", 0, { button: 2 });
  send("pointermove", 150);
  send("pointerdown", 0, { pointerType: "touch" });
  send("pointermove", 150);
  assert.deepEqual(heard, []);
});
