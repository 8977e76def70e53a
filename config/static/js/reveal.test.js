import assert from "node:assert/strict";
import test from "node:test";
import { hideAll, isVeiled, unveil, veil } from "./reveal.js";

class Fake {
  constructor(children = {}, dataset = {}) {
    Object.assign(this, { children, dataset, attributes: {}, told: 0, muted: false, preload: "none" });
  }
  querySelectorAll(selector) {
    return this.children[selector] ?? [];
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  removeAttribute(name) {
    delete this.attributes[name];
    if (name === "src") delete this.src;
  }
  dispatchEvent() {
    this.told += 1;
  }
  pause() {
    this.paused = true;
  }
}

function figure() {
  const video = new Fake({}, { controls: "" });
  const image = new Fake({}, { src: "/media/x/" });
  const element = new Fake({ video: [video], "img[data-src]": [image] }, { veil: "on" });
  return { element, video, image };
}

test("what is not said to be off is veiled", () => {
  assert.equal(isVeiled(new Fake()), true);
  assert.equal(isVeiled(new Fake({}, { veil: "off" })), false);
});

test("taking the veil off plays nothing and keeps the sound off", () => {
  const { element, video, image } = figure();
  unveil(element);
  assert.equal(isVeiled(element), false);
  assert.equal(video.muted, true);
  assert.equal(video.paused, undefined);
  assert.equal(image.src, "/media/x/");
  assert.equal(element.told, 1);
});

test("hiding covers, stops and unloads everything", () => {
  const { element, video, image } = figure();
  unveil(element);
  hideAll(new Fake({ "[data-veil]": [element] }));
  assert.equal(isVeiled(element), true);
  assert.equal(video.paused, true);
  assert.equal("controls" in video.attributes, false);
  assert.equal("src" in image, false);
});

test("hiding twice is harmless", () => {
  const { element } = figure();
  veil(element);
  veil(element);
  assert.equal(isVeiled(element), true);
});
