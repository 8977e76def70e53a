import assert from "node:assert/strict";
import test from "node:test";
import { Group, clock } from "./review-group.js";

class Film extends EventTarget {
  constructor(veil) {
    super();
    Object.assign(this, { veil, readyState: 2, currentTime: 0, paused: true, ended: false, error: null });
  }
  closest() {
    return this.veil;
  }
  async play() {
    this.paused = false;
  }
  pause() {
    this.paused = true;
  }
}

class Part extends EventTarget {
  dataset = {};
  setAttribute() {}
}

function card(offset, seconds) {
  const veil = { open: false };
  const video = new Film(veil);
  return { dataset: { offset: String(offset), seconds: String(seconds) }, querySelector: () => video, video, veil };
}

// A group of cards, as the page has it; `scrub` is its scrubber, and so on.
function made(...cards) {
  const parts = Object.fromEntries(["show", "scrub", "rate", "time", "play-label"].map((name) => [name, new Part()]));
  Object.assign(parts.show.dataset, { show: "Show all", hide: "Hide all" });
  Object.assign(parts["play-label"].dataset, { play: "Play in step", pause: "Pause" });
  const root = new EventTarget();
  root.matches = () => false;
  root.querySelector = (selector) => parts[selector.match(/"([\w-]+)"/)[1]] ?? null;
  root.querySelectorAll = (selector) => (selector === "[data-card]" ? cards : cards.map((each) => each.veil));
  const turn = (open) => (veil) => {
    veil.open = open;
    root.dispatchEvent(new Event("veil"));
  };
  const group = new Group(root, { isVeiled: (veil) => !veil.open, veil: turn(false), unveil: turn(true) });
  return { group, parts };
}

globalThis.requestAnimationFrame = () => {};

test("nothing plays while all is hidden", () => {
  const cards = [card(0, 2), card(0, 2)];
  const { group } = made(...cards);
  assert.equal(group.toggle(), false);
  assert.deepEqual(cards.map(({ video }) => video.paused), [true, true]);
});

test("only what is shown plays, and the button says pause", async () => {
  const cards = [card(0, 2), card(0, 2)];
  const { group, parts } = made(...cards);
  cards[1].veil.open = true;
  assert.equal(group.toggle(), true);
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(cards.map(({ video }) => video.paused), [true, false]);
  assert.equal(parts["play-label"].textContent, "Pause");
  group.toggle();
  assert.equal(cards[1].video.paused, true);
  assert.equal(parts["play-label"].textContent, "Play in step");
});

test("the whole group is shown and hidden by one button, which says what it does", () => {
  const cards = [card(0, 2), card(0, 2)];
  const { group, parts } = made(...cards);
  assert.equal(parts.show.textContent, "Show all");
  cards[0].veil.open = true;
  group.reveal();
  assert.deepEqual(cards.map(({ veil }) => veil.open), [true, true]);
  assert.equal(parts.show.textContent, "Hide all");
  group.reveal();
  assert.deepEqual(cards.map(({ veil }) => veil.open), [false, false]);
});

test("the scrubber runs over the common part and moves all", () => {
  const cards = [card(0, 10), card(2, 8)];
  const { parts } = made(...cards);
  assert.deepEqual([parts.scrub.min, parts.scrub.max, parts.scrub.value], [2, 10, 2]);
  parts.scrub.valueAsNumber = 5;
  parts.scrub.dispatchEvent(new Event("input"));
  assert.deepEqual(cards.map(({ video }) => video.currentTime), [5, 3]);
  assert.equal(parts.time.textContent, "5.0 s");
});

test("the speed is one for the group", () => {
  const cards = [card(0, 10), card(2, 8)];
  const { parts } = made(...cards);
  parts.rate.value = "0.5";
  parts.rate.dispatchEvent(new Event("change"));
  assert.deepEqual(cards.map(({ video }) => video.playbackRate), [0.5, 0.5]);
});

test("seconds are written to a tenth", () => {
  assert.equal(clock(3.14), "3.1 s");
});
