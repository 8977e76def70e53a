// The review pages: [data-review] with data-decide, data-undo and data-csrf, holding [data-card]s in [data-group]s,
// each with a box to tick. Decisions go to the server one after the other, while the focus has moved on.

import { isTyping } from "./keys.js";
import { isVeiled, unveil, veil } from "./reveal.js";
import { Ask } from "./review-ask.js";
import { Group, HIDDEN } from "./review-group.js";
import { actionFor } from "./review-keys.js";
import { between, moved } from "./review-move.js";
import { Selection } from "./review-selection.js";
import { server } from "./review-server.js";
import { needsReason, question, videos } from "./review-words.js";

const MOVES = ["previous", "next", "above", "below"];
const DECISIONS = ["keep", "remove", "split", "merge"];

class ReviewPage {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.cards = [...root.querySelectorAll("[data-card]")];
    this.at = -1; // the card that has the focus, or had it last
    this.groups = new Map();
    for (const element of root.querySelectorAll("[data-group]")) {
      this.groups.set(element, new Group(element, { isVeiled, veil, unveil }));
    }
    const { decide, undo, csrf } = root.dataset;
    this.server = server({ decideUrl: decide, undoUrl: undo, csrf, fetch: window.fetch.bind(window) });
    this.ask = new Ask(this.part("ask"));
    this.line = Promise.resolve(); // what is still to be sent, in order
    this.boxes = this.cards.map((card) => card.querySelector("input[type=checkbox]"));
    this.selection = new Selection(this.boxes, (n) => this.showSelection(n));
    this.acts = {
      select: () => this.select(),
      reveal: (wide) => this.reveal(wide),
      play: () => this.play(),
      undo: () => this.undo(),
    };
    for (const move of MOVES) this.acts[move] = (wide) => this.move(move, wide);
    for (const action of this.allowed) this.acts[action] = () => this.decide(action);
  }

  // The decisions that this page has buttons for.
  get allowed() {
    return DECISIONS.filter((action) => this.part("bar").querySelector(`[data-act="${action}"]`));
  }

  start() {
    for (const element of this.root.querySelectorAll("[data-scripted]")) element.hidden = false;
    for (const element of this.root.querySelectorAll("[data-plain]")) element.hidden = true;
    for (const card of this.cards) card.tabIndex = -1;
    if (this.cards.length) this.cards[0].tabIndex = 0;
    this.selection.told();
    document.addEventListener("keydown", (event) => this.press(event));
    this.root.addEventListener("focusin", (event) => this.focused(event.target.closest("[data-card]")));
    this.root.addEventListener("click", (event) => this.click(event));
    this.root.addEventListener("change", (event) => this.boxes.includes(event.target) && this.selection.told());
    this.part("form").addEventListener("submit", (event) => event.preventDefault());
    this.root.addEventListener("error", (event) => this.failed(event.target), true);
    window.addEventListener("pagehide", () => this.root.querySelectorAll("[data-veil]").forEach(veil));
  }

  press(event) {
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionFor(event);
    if (!action || !this.acts[action.type]) return;
    if (MOVES.includes(action.type) && event.key.startsWith("Arrow") && !this.inside(event.target)) return;
    event.preventDefault();
    if (!event.repeat || MOVES.includes(action.type)) this.acts[action.type](action.wide);
  }

  // Outside of the cards the arrows are the page's own.
  inside(target) {
    return Boolean(target.closest("[data-card]"));
  }

  click(event) {
    const pressed = event.target.closest("[data-act]");
    if (!pressed) return;
    const { act, decision } = pressed.dataset;
    const card = pressed.closest("[data-card]");
    if (act === "clear") return this.selection.clear();
    if (act === "undo") return this.undo(decision);
    if (act === "play") return this.play(pressed.closest("[data-group]"));
    if (act === "show") return this.groups.get(pressed.closest("[data-group]")).reveal();
    return this.decide(act, { card, group: pressed.closest("[data-group]"), pointer: event.detail > 0 });
  }

  // --- where one is ---

  get card() {
    return this.cards[this.at];
  }

  focused(card) {
    if (!card) return;
    if (this.card) this.card.tabIndex = -1;
    this.at = this.cards.indexOf(card);
    card.tabIndex = 0;
  }

  go(index, options = {}) {
    if (index >= 0) this.cards[index].focus(options);
  }

  move(direction, wide) {
    const from = this.at;
    this.go(moved(this.cards.map(middle), from, direction));
    if (wide && from >= 0) this.selection.set(between(from, this.at));
  }

  groupOf(card) {
    return card?.closest("[data-group]");
  }

  // --- looking ---

  reveal(wide) {
    if (!this.card) return this.say("Go to a clip first, with L or Tab.");
    if (this.part("status").textContent === HIDDEN) this.say("");
    if (wide) return this.groups.get(this.groupOf(this.card)).reveal();
    const element = this.card.querySelector("[data-veil]");
    (isVeiled(element) ? unveil : veil)(element);
  }

  play(element = this.groupOf(this.card)) {
    for (const [other, group] of this.groups) if (other !== element && group.step.playing) group.step.pause();
    if (element) this.say(this.groups.get(element).toggle() ? "" : HIDDEN);
  }

  failed(element) {
    if (!element.matches?.("video, img[data-src]")) return;
    const note = element.closest("[data-card]").querySelector('[data-part="failed"]');
    if (note) note.hidden = false;
  }

  // --- deciding ---

  select() {
    if (this.card) this.selection.toggle(this.at);
  }

  // The videos a decision is about: the card whose button was pressed, or what is ticked, or where one is. A merge
  // without ticks takes the whole group.
  chosen(action, { card, group }) {
    if (action === "merge" && (group || !this.selection.videos.length)) {
      const cards = (group ?? this.groupOf(this.card))?.querySelectorAll("[data-card]") ?? [];
      return [...new Set([...cards].map(sha256Of))];
    }
    if (card) return [sha256Of(card)];
    if (this.selection.videos.length) return this.selection.videos;
    return this.card ? [sha256Of(this.card)] : [];
  }

  async decide(action, from = {}) {
    const chosen = this.chosen(action, from);
    if (!chosen.length) return this.say("Go to a clip or tick some first.");
    const n = chosen.length;
    const why = needsReason(action, n) ? await this.ask.ask(action, question(action, n)) : "";
    if (why === null) return;
    this.selection.clear();
    this.onward(chosen, from);
    this.mark(chosen, true);
    this.send(() => this.server.decide({ action, videos: chosen, why }), chosen, `${videos(n)} on the way…`);
  }

  // To the first card after those that were decided on.
  onward(chosen, { card, pointer }) {
    const isChosen = (each) => chosen.includes(sha256Of(each));
    const last = card ? this.cards.indexOf(card) : this.cards.findLastIndex(isChosen);
    const next = this.cards.findIndex((each, index) => index > last && !isChosen(each));
    this.go(next < 0 ? last : next, { preventScroll: Boolean(pointer) });
  }

  undo(decision) {
    this.send(() => this.server.undo(decision), [], "Undoing…");
  }

  send(ask, chosen, text) {
    this.say(text);
    this.line = this.line.then(async () => {
      try {
        this.heard(await ask());
      } catch (error) {
        this.say(error.message, { bad: true });
      }
      this.mark(chosen, false);
    });
  }

  heard({ said, decision, undone, videos: changed }) {
    this.say(said, { decision: undone ? null : decision });
    for (const { sha256, state, reasons } of changed) {
      for (const card of this.cardsOf(sha256)) showState(card, state, reasons, !undone);
    }
  }

  mark(chosen, sending) {
    for (const card of chosen.flatMap((sha256) => this.cardsOf(sha256))) card.toggleAttribute("data-sending", sending);
  }

  cardsOf(sha256) {
    return this.cards.filter((card) => sha256Of(card) === sha256);
  }

  // --- saying ---

  say(text, { decision = null, bad = false } = {}) {
    const [status, undo] = [this.part("status"), this.part("undo")];
    status.textContent = text;
    status.classList.toggle("bad", bad);
    undo.hidden = decision === null;
    undo.dataset.decision = decision ?? "";
    this.showBar();
  }

  showSelection(n) {
    for (const [index, card] of this.cards.entries()) card.classList.toggle("picked", this.boxes[index].checked);
    this.part("picked").textContent = `${videos(n)} ticked`;
    this.part("bulk").hidden = !n;
    this.showBar();
  }

  showBar() {
    this.part("bar").hidden = this.part("bulk").hidden && !this.part("status").textContent;
  }
}

function sha256Of(card) {
  return card.dataset.card;
}

function middle(card) {
  const { left, right, top, bottom } = card.getBoundingClientRect();
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

function showState(card, state, reasons, decided) {
  const badge = card.querySelector('[data-part="state"]');
  badge.textContent = state;
  badge.className = `badge ${state}`;
  card.querySelector('[data-part="reasons"]').textContent = reasons.join(", ");
  card.classList.toggle("decided", decided);
}

const root = document.querySelector("[data-review]");
if (root) new ReviewPage(root).start();
