import assert from "node:assert/strict";
import test from "node:test";
import { needsReason, question, videos } from "./review-words.js";

test("the question says to how many videos what will happen, and the way back", () => {
  assert.equal(question("remove", 1).title, "Remove 1 video?");
  assert.match(question("remove", 1).text, /^It leaves the funnel\. .*undone with Z/);
  assert.match(question("remove", 12).text, /^They leave the funnel\./);
  assert.match(question("keep", 3).text, /^They stay in the funnel/);
  assert.match(question("split", 1).text, /^It leaves its group/);
  assert.match(question("split", 2).text, /^Each leaves its group/);
  assert.match(question("merge", 2).text, /the other one leaves/);
  assert.match(question("merge", 4).text, /the other 3 leave/);
});

test("only one video may be kept without a reason", () => {
  assert.equal(needsReason("keep", 1), false);
  assert.equal(needsReason("keep", 2), true);
  for (const action of ["remove", "split", "merge"]) assert.equal(needsReason(action, 1), true);
});

test("one is one", () => {
  assert.deepEqual([videos(1), videos(2)], ["1 video", "2 videos"]);
});
