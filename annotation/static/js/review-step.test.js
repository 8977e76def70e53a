import assert from "node:assert/strict";
import test from "node:test";
import { Step, clockOf, correction } from "./review-step.js";

// A clip whose time only moves when the test says so.
class Film extends EventTarget {
  constructor(seconds) {
    super();
    Object.assign(this, { seconds, readyState: 2, time: 0, paused: true, ended: false, error: null, playbackRate: 1 });
  }
  get currentTime() {
    return this.time;
  }
  set currentTime(time) {
    this.time = Math.min(time, this.seconds);
    queueMicrotask(() => this.dispatchEvent(new Event("seeked")));
  }
  async play() {
    if (this.broken) throw new Error("not supported");
    this.paused = false;
    this.ended = false;
  }
  pause() {
    if (this.paused) return;
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }
  run(seconds) {
    this.time += seconds;
  }
}

function group(...told) {
  const clips = told.map(([offset, seconds]) => ({ video: new Film(seconds), offset, seconds }));
  const frames = [];
  const heard = { time: [], playing: [] };
  const step = new Step(clips, {
    onTime: (time) => heard.time.push(time),
    onPlay: (playing) => heard.playing.push(playing),
    frame: (act) => frames.push(act),
  });
  const films = clips.map((clip) => clip.video);
  const next = async () => {
    await frames.shift()();
    await settle();
  };
  return { step, films, heard, next, frames };
}

const settle = () => new Promise((done) => setImmediate(done));

test("the clock runs over the part that all clips have", () => {
  const clips = [{ offset: 0, seconds: 10 }, { offset: 2, seconds: 8 }, { offset: 3.6, seconds: 4 }];
  const { start, end, offsets } = clockOf(clips);
  assert.deepEqual([start, Number(end.toFixed(6)), offsets], [3.6, 7.6, [0, 2, 3.6]]);
});

test("clips with nothing in common count from their own starts", () => {
  const apart = [{ offset: 0, seconds: 2 }, { offset: 5, seconds: 3 }];
  assert.deepEqual(clockOf(apart), { start: 0, end: 2, offsets: [0, 0] });
});

test("slightly off is left, off is nudged, far off is moved", () => {
  assert.deepEqual(correction(0.02), { seek: false, speed: 1 });
  assert.ok(correction(0.1).speed < 1);
  assert.ok(correction(-0.1).speed > 1);
  assert.equal(correction(-0.5).seek, true);
});

test("all stand at one point of the clock before they start", async () => {
  const { step, films, heard } = group([0, 10], [2, 8]);
  await step.play(films);
  assert.deepEqual(films.map((film) => film.currentTime), [2, 0]);
  assert.deepEqual(films.map((film) => film.paused), [false, false]);
  assert.deepEqual(heard.playing, [true]);
});

test("only what is shown plays, and nothing plays where nothing is shown", async () => {
  const { step, films, heard } = group([0, 4], [0, 4]);
  await step.play([]);
  assert.deepEqual(heard.playing, []);
  await step.play([films[1]]);
  assert.deepEqual(films.map((film) => film.paused), [true, false]);
});

test("one that falls behind is hurried, one that is far away is moved", async () => {
  const { step, films, next } = group([0, 10], [2, 8], [0, 10]);
  await step.play(films);
  films[0].run(1);
  films[1].run(0.9);
  films[2].run(0.2);
  await next();
  assert.ok(films[1].playbackRate > 1);
  assert.equal(films[2].currentTime, 3);
  assert.equal(films[0].playbackRate, 1);
});

test("at the end of the common part all begin again together", async () => {
  const { step, films, next, heard } = group([0, 3], [1, 2.5]);
  await step.play(films);
  films[0].run(2);
  films[1].run(1.98);
  await next();
  assert.deepEqual(films.map((film) => film.currentTime), [1, 0]);
  assert.deepEqual(films.map((film) => film.paused), [false, false]);
  assert.equal(step.playing, true);
  assert.equal(heard.playing.includes(false), false);
});

test("a clip that ends before its time begins all again", async () => {
  const { step, films, next } = group([0, 4], [0, 4]);
  await step.play(films);
  films[0].run(3.5);
  films[1].run(3.5);
  films[1].ended = true;
  films[1].pause();
  assert.equal(step.playing, true);
  await next();
  assert.deepEqual(films.map((film) => [film.currentTime, film.paused]), [[0, false], [0, false]]);
});

test("whatever pauses one pauses all", async () => {
  const { step, films, heard } = group([0, 4], [0, 4]);
  await step.play(films);
  films[1].pause();
  assert.deepEqual(films.map((film) => film.paused), [true, true]);
  assert.deepEqual(heard.playing, [true, false]);
});

test("pausing while they start leaves nothing playing", async () => {
  const { step, films } = group([0, 4], [2, 4]);
  const starting = step.play(films);
  step.pause();
  await starting;
  await settle();
  assert.deepEqual(films.map((film) => film.paused), [true, true]);
  assert.equal(step.playing, false);
});

test("the shared clock is moved within the common part", async () => {
  const { step, films, heard } = group([0, 10], [2, 5]);
  await step.seek(99);
  assert.deepEqual(films.map((film) => film.currentTime), [7, 5]);
  await step.seek(0);
  assert.deepEqual(films.map((film) => film.currentTime), [2, 0]);
  assert.deepEqual(heard.time, [7, 2]);
  assert.deepEqual(films.map((film) => film.paused), [true, true]);
});

test("the speed is one for all", async () => {
  const { step, films } = group([0, 4], [0, 4]);
  step.setRate(0.25);
  await step.play(films);
  assert.deepEqual(films.map((film) => film.playbackRate), [0.25, 0.25]);
});

test("one that cannot be played does not keep the others", async () => {
  const { step, films } = group([0, 4], [0, 4]);
  films[0].broken = true;
  await step.play(films);
  assert.deepEqual(films.map((film) => film.paused), [true, false]);
  assert.equal(step.playing, true);
});
