// Clips that play in step: one clock for all of them, over the part that they have in common.
// A clip is {video, offset, seconds}; its offset is the time on the clock, in seconds, at which it starts.

const LEAST = 0.2; // seconds in common that are worth looping over
const SLIGHT = 0.03; // seconds apart that nobody sees
const FAR = 0.3; // seconds apart that a change of speed would take too long to close
const NUDGE = 0.15; // of the speed

// {start, end, offsets} of the clock. Where the clips have no part in common, each counts from its own start.
export function clockOf(clips) {
  const offsets = clips.map((clip) => clip.offset);
  const start = Math.max(...offsets);
  const end = Math.min(...clips.map((clip) => clip.offset + clip.seconds));
  if (end - start >= LEAST) return { start, end, offsets };
  return { start: 0, end: Math.min(...clips.map((clip) => clip.seconds)), offsets: offsets.map(() => 0) };
}

// How to bring a clip that is `ahead` seconds before the leader back in step: {seek} or {speed}, of the common speed.
export function correction(ahead) {
  if (Math.abs(ahead) > FAR) return { seek: true, speed: 1 };
  if (Math.abs(ahead) <= SLIGHT) return { seek: false, speed: 1 };
  return { seek: false, speed: ahead > 0 ? 1 - NUDGE : 1 + NUDGE };
}

export class Step {
  // `onTime(seconds)` hears of the clock, `onPlay(playing)` of the state; `frame` calls back before the next frame.
  constructor(clips, { onTime, onPlay, frame = (act) => requestAnimationFrame(act) }) {
    this.clips = clips;
    Object.assign(this, clockOf(clips), { onTime, onPlay, frame });
    this.playing = false;
    this.moving = false; // whether they run now: not while they are being placed
    this.turn = 0; // grows with every start and stop, so that what an older one still awaits comes to nothing
    this.rate = 1;
    this.time = this.start;
    for (const { video } of clips) {
      video.loop = false;
      video.addEventListener("pause", () => this.heardPause(video));
    }
  }

  // Play those of the clips that are `shown`; the first of them leads.
  async play(shown) {
    const turn = (this.turn += 1);
    this.shown = this.clips.filter(({ video }) => shown.includes(video));
    if (!this.shown.length) return;
    this.say(true);
    if (this.time >= this.end - SLIGHT) this.time = this.start;
    await this.from(this.time, turn);
    this.follow(turn);
  }

  pause() {
    this.turn += 1;
    this.moving = false;
    for (const { video } of this.clips) video.pause();
    this.say(false);
  }

  // Go to a time of the clock; on from there if it was playing.
  async seek(time) {
    this.time = Math.min(Math.max(time, this.start), this.end);
    this.onTime(this.time);
    if (this.playing) return this.play(this.shown.map(({ video }) => video));
    return this.place(this.clips.filter(({ video }) => video.readyState > 0)); // the others were never shown
  }

  setRate(rate) {
    this.rate = rate;
    for (const { video } of this.clips) video.playbackRate = rate;
  }

  // Everything stands at `time` before anything moves, so that all start from one point.
  async from(time, turn) {
    this.time = time;
    this.moving = false;
    for (const { video } of this.shown) {
      video.pause();
      video.playbackRate = this.rate;
    }
    await this.place(this.shown);
    if (turn !== this.turn) return;
    const started = await Promise.allSettled(this.shown.map(({ video }) => video.play()));
    if (turn !== this.turn) return;
    this.shown = this.shown.filter((clip, index) => started[index].status === "fulfilled");
    this.moving = true;
  }

  place(clips) {
    return Promise.all(clips.map((clip) => placed(clip.video, this.time - this.offsetOf(clip))));
  }

  offsetOf(clip) {
    return this.offsets[this.clips.indexOf(clip)];
  }

  follow(turn) {
    if (turn !== this.turn) return;
    if (!this.shown.length) return this.pause();
    const [leader, ...others] = this.shown;
    this.time = leader.video.currentTime + this.offsetOf(leader);
    this.onTime(Math.min(this.time, this.end));
    if (this.time >= this.end - SLIGHT || this.shown.some(({ video }) => video.ended)) return this.again(turn);
    for (const clip of others) this.correct(clip);
    this.frame(() => this.follow(turn));
  }

  async again(turn) {
    await this.from(this.start, turn);
    this.frame(() => this.follow(turn));
  }

  correct(clip) {
    const own = this.time - this.offsetOf(clip);
    const { seek, speed } = correction(clip.video.currentTime - own);
    if (seek) clip.video.currentTime = own;
    clip.video.playbackRate = this.rate * speed;
  }

  // Whatever pauses one of them, the veil or the browser, pauses them all.
  heardPause(video) {
    const ours = !this.moving || video.ended || !this.shown.some((clip) => clip.video === video);
    if (this.playing && video.paused && !ours) this.pause();
  }

  say(playing) {
    this.playing = playing;
    this.onPlay(playing);
  }
}

// Resolves once the video shows the picture at `time`, and at once if it does already or cannot be played.
async function placed(video, time) {
  if (video.readyState < 1) await once(video, ["loadedmetadata", "error"]);
  if (video.error || Math.abs(video.currentTime - time) < 0.001) return;
  const there = once(video, ["seeked", "error"]);
  video.currentTime = time;
  await there;
}

function once(video, names) {
  if (video.error) return Promise.resolve();
  return new Promise((done) => {
    for (const name of names) video.addEventListener(name, done, { once: true });
  });
}
