// The clips of one [data-group] and what they share: the parts show (a button), scrub, rate, time and play-label.
// Each clip lies in a [data-card] with its data-offset and data-seconds; a card may be a group of its own.

import { Step } from "./review-step.js";

export const HIDDEN = "The clips are hidden: show them first (R, or Shift and R for the whole group).";

export function clock(seconds) {
  return `${seconds.toFixed(1)} s`;
}

export class Group {
  // `isVeiled`, `veil` and `unveil` act on what covers a clip.
  constructor(root, { isVeiled, veil, unveil }) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.cover = { isVeiled, veil, unveil };
    this.veils = [...root.querySelectorAll("[data-veil]")];
    const cards = root.matches("[data-card]") ? [root] : [...root.querySelectorAll("[data-card]")];
    const clips = cards.filter((card) => card.querySelector("video")).map(clipOf);
    this.step = new Step(clips, { onTime: (time) => this.tell(time), onPlay: (playing) => this.show(playing) });
    this.begin();
  }

  begin() {
    const [scrub, rate] = [this.part("scrub"), this.part("rate")];
    if (scrub) {
      Object.assign(scrub, { min: this.step.start, max: this.step.end, step: 0.01, value: this.step.start });
      scrub.addEventListener("input", () => this.step.seek(scrub.valueAsNumber));
    }
    rate?.addEventListener("change", () => this.step.setRate(Number(rate.value)));
    this.root.addEventListener("veil", () => this.label());
    this.label();
  }

  get shown() {
    const videos = this.step.clips.map((clip) => clip.video);
    return videos.filter((video) => !this.cover.isVeiled(video.closest("[data-veil]")));
  }

  // Play or pause; false where nothing may be played, for all is hidden.
  toggle() {
    if (this.step.playing) this.step.pause();
    else if (this.shown.length) this.step.play(this.shown);
    else return false;
    return true;
  }

  get open() {
    return this.veils.every((element) => !this.cover.isVeiled(element));
  }

  // Uncover all clips, or cover them where all are uncovered.
  reveal() {
    const change = this.open ? this.cover.veil : this.cover.unveil;
    for (const element of this.veils) change(element);
  }

  label() {
    const button = this.part("show");
    if (button) button.textContent = this.open ? button.dataset.hide : button.dataset.show;
  }

  tell(time) {
    const scrub = this.part("scrub");
    if (!scrub) return;
    scrub.value = time;
    scrub.setAttribute("aria-valuetext", clock(time));
    this.part("time").textContent = clock(time);
  }

  show(playing) {
    const label = this.part("play-label");
    if (label) label.textContent = playing ? label.dataset.pause : label.dataset.play;
  }
}

function clipOf(card) {
  const { offset, seconds } = card.dataset;
  return { video: card.querySelector("video"), offset: Number(offset), seconds: Number(seconds) };
}
