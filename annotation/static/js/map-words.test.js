import assert from "node:assert/strict";
import { test } from "node:test";

import { letterOf, question, videos } from "./map-words.js";

test("counts are written as people read them", () => {
  assert.equal(videos(1), "1 video");
  assert.equal(videos(100_000), "100,000 videos");
});

test("large groups have letters, smaller ones a dot, the rest a dash", () => {
  assert.deepEqual([0, 7, 8, 9].map((group) => letterOf(group, { rest: 9 })), ["A", "H", "·", "–"]);
  assert.equal(letterOf(0, { rest: null }), "A");
});

test("the question says what will happen to how many", () => {
  assert.equal(question("remove", 3).title, "Remove 3 videos?");
  assert.match(question("remove", 1).text, /^It leaves the funnel/);
  assert.match(question("flag", 2).text, /^They stay in the funnel/);
});
