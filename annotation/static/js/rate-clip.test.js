import assert from "node:assert/strict";
import test from "node:test";
import { clock, dropClip, makeClip, playOrPause } from "./rate-clip.js";

class Element {
  constructor(name) {
    Object.assign(this, { name, dataset: {}, listeners: {}, children: [] });
    if (name === "video") this.paused = true;
  }
  append(child) {
    this.children.push(child);
  }
  addEventListener(name, act) {
    this.listeners[name] = act;
  }
  getAttribute(name) {
    return this[name];
  }
  removeAttribute(name) {
    delete this[name];
  }
  async play() {
    this.paused = false;
  }
  pause() {
    this.paused = true;
  }
  remove() {
    this.gone = true;
  }
}

const doc = { createElement: (name) => new Element(name) };
const make = (media_type, hooks = {}) =>
  makeClip(doc, { media: "/media/a/", media_type }, { onTime() {}, onFail() {}, ...hooks });

test("a clip comes veiled, silent and still", () => {
  const { element, moving } = make("video/mp4");
  assert.equal(element.dataset.veil, "on");
  assert.equal(moving.muted, true);
  assert.equal(moving.paused, true);
  assert.equal(moving.autoplay, undefined);
});

test("an image that plays by itself is not loaded before it is revealed", () => {
  const { moving } = make("image/gif");
  assert.equal(moving.name, "img");
  assert.equal(moving.src, undefined);
  assert.equal(moving.dataset.src, "/media/a/");
});

test("play and pause take turns", async () => {
  const clip = make("video/mp4");
  await playOrPause(clip);
  assert.equal(clip.moving.paused, false);
  await playOrPause(clip);
  assert.equal(clip.moving.paused, true);
});

test("a clip that cannot be played is said so, one that was dropped is not", () => {
  let failures = 0;
  const clip = make("video/x-msvideo", { onFail: () => (failures += 1) });
  clip.moving.listeners.error();
  assert.equal(failures, 1);
  assert.equal(clip.element.dataset.failed, "true");
  dropClip(clip);
  clip.moving.listeners.error();
  assert.equal(failures, 1);
  assert.equal(clip.element.gone, true);
});

test("time is told in minutes and seconds", () => {
  assert.deepEqual([0, 2.9, 61, NaN].map(clock), ["0:00", "0:02", "1:01", "0:00"]);
});
