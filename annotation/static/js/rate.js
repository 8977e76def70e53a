// The rating page: [data-rate] with data-api, data-csrf, data-outbox, data-total and, to begin with the last clip
// once more, data-again. What it shows follows from the clips in the queue and from what is ticked.

import { isTyping, toggleDialog } from "./keys.js";
import { api } from "./rate-api.js";
import * as answers from "./rate-answer.js";
import { dropClip, makeClip, playOrPause } from "./rate-clip.js";
import { actionFor } from "./rate-keys.js";
import { Outbox, backoff } from "./rate-outbox.js";
import { merge, needsMore, wanted } from "./rate-queue.js";
import { isVeiled, unveil, veil } from "./reveal.js";

const MARKS = {
  saved: "Saved",
  sending: "Sending…",
  offline: "Offline. Your answers wait here and are sent when the connection is back.",
  "signed-out": "You are signed out. Your answers wait here; load the page again to sign in.",
};
const HINTS = {
  empty: "Choose at least one, or 0 for none of these.",
  ready: "Enter keeps it and shows the next clip.",
};

class RatingPage {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.boxes = [...root.querySelectorAll("input[data-choice]")];
    this.server = api({ base: root.dataset.api, csrf: root.dataset.csrf, fetch: window.fetch.bind(window) });
    this.total = Number(root.dataset.total);
    this.clips = []; // the first is on the page
    this.views = new Map(); // by SHA-256: what makeClip made of the first two
    this.answered = new Set();
    this.drafts = new Map();
    this.last = null; // {clip, selection}
    this.correcting = false;
    this.again = "again" in root.dataset; // until the last clip is on the page, nothing else may come
    this.failures = 0;
    this.acts = {
      choice: ({ index }) => this.boxes[index] && this.tick(this.boxes[index].dataset.choice),
      none: () => this.choose(answers.toggleNone(this.selection)),
      submit: () => this.submit(),
      skip: () => this.clips.length && this.keep(answers.SKIPPED),
      back: () => this.back(),
      play: () => this.view && playOrPause(this.view),
      reveal: () => this.view && unveil(this.view.element),
      show: () => this.view && (isVeiled(this.view.element) ? unveil : veil)(this.view.element),
      definitions: () => toggleDialog(this.part("definitions")),
    };
    this.outbox = new Outbox({
      storage: window.localStorage,
      prefix: root.dataset.outbox,
      send: this.server.send,
      report: (...told) => this.mark(...told),
    });
  }

  async start() {
    this.listen();
    for (const [, answer] of this.outbox.pending()) this.answered.add(answer.sha256);
    this.outbox.flush();
    this.show();
    if (this.again) await this.back();
    this.again = false;
    await this.fill();
  }

  get clip() {
    return this.clips[0];
  }

  get view() {
    return this.clip && this.views.get(this.clip.sha256);
  }

  listen() {
    document.addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("keyup", (event) => event.key.toLowerCase() === "r" && this.release());
    window.addEventListener("blur", () => this.release());
    window.addEventListener("online", () => this.outbox.flush());
    window.addEventListener("pagehide", () => this.views.forEach(({ element }) => veil(element)));
    this.root.addEventListener("click", (event) => this.click(event));
    this.root.addEventListener("veil", () => this.showButtons());
    for (const name of ["play", "pause"]) this.root.addEventListener(name, () => this.showButtons(), true);
    this.part("form").addEventListener("submit", (event) => event.preventDefault());
    this.part("form").addEventListener("change", (event) => this.ticked(event.target));
  }

  press(event) {
    if (isTyping(event.target) || (document.querySelector("dialog[open]") && event.key.toLowerCase() !== "d")) return;
    const action = actionFor(event);
    if (!action) return;
    event.preventDefault();
    if (action.type === "reveal" && !event.repeat) this.held = this.view && isVeiled(this.view.element);
    if (!event.repeat) this.acts[action.type](action);
  }

  release() {
    if (this.held && this.view) veil(this.view.element);
    this.held = false;
  }

  click(event) {
    const pressed = event.target.closest("[data-act], .clip");
    if (!pressed) return;
    this.acts[pressed.dataset.act ?? "show"]({});
    if (event.detail > 0) pressed.blur(); // so that Space and Enter are the page's again
  }

  ticked(box) {
    if (box.dataset.choice) this.tick(box.dataset.choice);
    else this.acts.none();
    if (!box.matches(":focus-visible")) box.blur();
  }

  tick(key) {
    this.choose(answers.toggleLabel(this.selection, key));
  }

  choose(selection) {
    if (!this.clip) return;
    this.selection = selection;
    for (const box of this.boxes) box.checked = selection.labels.includes(box.dataset.choice);
    this.part("none").checked = selection.none;
    const ready = answers.isComplete(selection);
    this.part("submit").setAttribute("aria-disabled", String(!ready));
    this.hint(ready ? HINTS.ready : HINTS.empty);
  }

  submit() {
    if (!this.clip) return;
    if (answers.isComplete(this.selection)) this.keep(answers.asAnswer(this.selection));
    else this.hint(HINTS.empty, true);
  }

  keep(answer) {
    const clip = this.clips.shift();
    this.answered.add(clip.sha256);
    this.last = { clip, selection: answers.fromAnswer(answer) };
    this.correcting = false;
    const seconds = Math.round(performance.now() - this.since) / 1000;
    this.outbox.add({ id: crypto.randomUUID(), sha256: clip.sha256, ...answer, seconds });
    this.show();
    this.fill();
  }

  // To the clip before, to correct it; from there, back to where one was.
  async back() {
    if (this.correcting) return this.resume();
    const last = this.last ?? (await this.fetchLast());
    if (!last) return this.hint("There is no clip before this one.", true);
    if (this.clip) this.drafts.set(this.clip.sha256, this.selection);
    this.clips = [last.clip, ...this.clips.filter((clip) => clip.sha256 !== last.clip.sha256)];
    this.drafts.set(last.clip.sha256, last.selection);
    this.correcting = true;
    this.show();
  }

  resume() {
    this.clips.shift();
    this.correcting = false;
    this.show();
    this.fill();
  }

  async fetchLast() {
    try {
      const found = await this.server.last();
      return found && { clip: found.clip, selection: answers.fromAnswer(found.answer) };
    } catch {
      return null;
    }
  }

  // Fetch ahead, and go on trying while the server cannot be heard.
  async fill() {
    if (this.filling || this.again || !needsMore(this.clips)) return;
    this.filling = true;
    const asked = wanted(this.clips, this.outbox.size);
    try {
      this.take(await this.server.next(asked), asked);
      this.failures = 0;
    } catch {
      this.failures += 1;
      setTimeout(() => this.fill(), backoff(this.failures));
    }
    this.filling = false;
    if (!this.clip) this.show();
    else this.prepare();
  }

  take(found, asked) {
    const fetched = found?.clips ?? [];
    const before = this.clip;
    this.clips = merge(this.clips, fetched, this.answered);
    this.exhausted = fetched.length < asked;
    if (found) this.total = found.progress.total;
    if (this.clip !== before) this.show();
  }

  show() {
    this.prepare();
    for (const [sha256, { element }] of this.views) {
      veil(element);
      element.hidden = sha256 !== this.clip?.sha256;
    }
    this.since = performance.now();
    this.part("waiting").hidden = Boolean(this.clip);
    this.part("form").inert = !this.clip;
    if (this.clip) this.showClip();
    else this.finish();
  }

  showClip() {
    const { position, sha256 } = this.clip;
    this.part("position").textContent = `${this.correcting ? "correcting " : ""}clip ${position} of ${this.total}`;
    this.part("bar").value = position - 1;
    this.part("bar").max = this.total;
    this.part("failed").hidden = !this.view.element.dataset.failed;
    this.part("back-label").textContent = this.correcting ? "Leave as it was" : "Back to the last clip";
    this.choose(this.drafts.get(sha256) ?? answers.EMPTY);
    this.drafts.delete(sha256);
    this.view.tell();
    this.showButtons();
  }

  // Views for the clip on the page and the next one; bytes of all others are let go.
  prepare() {
    const near = this.clips.slice(0, 2);
    for (const clip of near) if (!this.views.has(clip.sha256)) this.addView(clip);
    for (const [sha256, view] of this.views) {
      if (near.some((clip) => clip.sha256 === sha256)) continue;
      dropClip(view);
      this.views.delete(sha256);
    }
  }

  addView(clip) {
    const ours = (act) => (...told) => this.clip?.sha256 === clip.sha256 && act(...told);
    const view = makeClip(document, clip, {
      onTime: ours((text) => (this.part("time").textContent = text)),
      onFail: ours(() => (this.part("failed").hidden = false)),
    });
    this.views.set(clip.sha256, view);
    this.part("stage").append(view.element);
  }

  showButtons() {
    if (!this.view) return;
    const { element, moving } = this.view;
    this.part("play").disabled = !("paused" in moving);
    this.part("play-label").textContent = moving.paused === false ? "Pause" : "Play";
    this.part("show-label").textContent = isVeiled(element) ? "Show" : "Hide";
    this.part("veiled").hidden = !isVeiled(element);
  }

  // Nothing left to show: wait for the server, or go to the last page once every answer is kept.
  finish() {
    this.part("veiled").hidden = true;
    const text = this.exhausted ? "Keeping your last answers…" : "The next clip is on its way…";
    this.part("waiting").textContent = this.failures ? "The server cannot be reached. Trying again…" : text;
    if (this.exhausted && !this.outbox.size) window.location.replace(window.location.pathname);
  }

  mark(state, detail, answer) {
    const mark = this.part("mark");
    if (state === "refused") {
      this.answered.delete(answer.sha256);
      this.exhausted = false;
      this.part("refused").hidden = false;
      this.part("refused").textContent = `One answer was not kept. ${detail}`;
      return;
    }
    mark.dataset.state = state;
    mark.textContent = MARKS[state];
    if (state === "saved") this.settle();
  }

  // Every answer is kept: what the server counts as open is now just that.
  settle() {
    if (!this.exhausted) this.fill();
    else if (!this.clip) this.finish();
  }

  hint(text, urgent = false) {
    const hint = this.part("hint");
    hint.textContent = text;
    hint.toggleAttribute("data-urgent", urgent);
  }
}

const root = document.querySelector("[data-rate]");
if (root) new RatingPage(root).start();
