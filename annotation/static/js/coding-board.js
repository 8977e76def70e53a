// The board of a codebook: [data-board] with data-gather and data-csrf, holding places ([data-theme]) of codes
// ([data-code]). Codes go to a place by drag, by key, or by the form at the foot.

import { isTyping } from "./keys.js";
import { actionFor } from "./coding-board-keys.js";
import { Drag } from "./coding-drag.js";
import { moved } from "./review-move.js";
import { poster } from "./review-server.js";

class Board {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.places = [...root.querySelectorAll("[data-theme]")];
    this.post = poster({ csrf: root.dataset.csrf, fetch: window.fetch.bind(window) });
    this.acts = {
      gather: ({ place }) => this.gather(this.chosen(this.focused), this.placeOf(place)),
      tick: () => this.tick(),
      rename: () => this.focused && this.rename(this.focused),
      merge: () => this.merge(),
    };
    for (const way of ["previous", "next", "above", "below"]) this.acts[way] = () => this.go(way);
  }

  start() {
    document.addEventListener("keydown", (event) => this.press(event));
    this.root.addEventListener("change", () => this.tell());
    this.part("bar").addEventListener("submit", (event) => this.submitted(event));
    this.drag = new Drag(this.root, {
      pick: (target, type) => this.picked(target, type),
      place: (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-theme]"),
      start: (card) => this.lift(card),
      move: (x, y) => Object.assign(this.ghost.style, { left: `${x}px`, top: `${y}px` }),
      over: (place) => this.over(place),
      drop: (card, place) => this.gather(this.chosen(card), place),
      end: () => this.putDown(),
    });
    this.tell();
  }

  get cards() {
    return [...this.root.querySelectorAll("[data-code]")];
  }

  get focused() {
    return document.activeElement?.closest("[data-code]") ?? null;
  }

  get ticked() {
    return this.cards.filter((card) => boxOf(card).checked);
  }

  // All that are ticked where `card` is among them or is none, else it alone.
  chosen(card) {
    return card && !boxOf(card).checked ? [card] : this.ticked;
  }

  placeOf(number) {
    return this.places.find((place) => place.dataset.place === number);
  }

  press(event) {
    if (event.key === "Escape") this.drag.stop();
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionFor(event, Boolean(this.focused));
    if (!action) return;
    event.preventDefault();
    this.acts[action.type](action);
  }

  go(way) {
    const { cards } = this;
    const places = cards.map((card) => middle(card.getBoundingClientRect()));
    const to = moved(places, cards.indexOf(this.focused), way);
    cards[to]?.querySelector("[data-part=name]").focus();
  }

  tick() {
    if (!this.focused) return;
    boxOf(this.focused).click();
  }

  merge() {
    const names = new Set(this.ticked.map((card) => card.dataset.code));
    if (names.size < 2) return this.say("Tick at least two codes to merge (X), then choose the one that stays.", true);
    const select = this.part("into");
    for (const option of select.options) option.hidden = Boolean(option.value) && !names.has(option.value);
    select.value = this.ticked.toSorted((a, b) => usesOf(b) - usesOf(a))[0].dataset.code;
    select.focus();
    return this.say("Choose the code that stays, then press Merge.");
  }

  async gather(cards, place) {
    if (!place) return this.say("There is no theme of that number.", true);
    if (!cards.length) return this.say("Choose a code first: focus one, or tick some.", true);
    const back = this.focused;
    const fields = [["theme", place.dataset.theme], ...cards.map((card) => ["codes", card.dataset.code])];
    try {
      const { said } = await this.post(this.root.dataset.gather, fields);
      for (const card of cards) this.put(card, place);
      back?.querySelector("[data-part=name]").focus();
      return this.say(said);
    } catch (error) {
      return this.say(error.message, true);
    }
  }

  put(card, place) {
    const list = place.querySelector("[data-part=codes]");
    const name = (one) => one.dataset.name.toLocaleLowerCase();
    const after = [...list.children].find((other) => other !== card && name(other) > name(card));
    list.insertBefore(card, after ?? null);
    boxOf(card).checked = false;
    for (const one of this.places) {
      const count = one.querySelectorAll("[data-code]").length;
      one.querySelector("[data-part=count]").textContent = count;
      one.querySelector("[data-part=nothing]").hidden = count > 0;
    }
  }

  submitted(event) {
    if (event.submitter !== this.part("gather")) return;
    event.preventDefault();
    const theme = this.part("theme").value;
    this.gather(this.ticked, this.places.find((place) => place.dataset.theme === theme));
  }

  tell() {
    const count = this.ticked.length;
    if (count) this.say(`${count} code${count === 1 ? "" : "s"} chosen: a digit, or the form, says where to.`);
  }

  say(text, bad = false) {
    this.part("status").textContent = text;
    this.part("status").classList.toggle("bad", bad);
  }

  // --- dragging ---

  picked(target, type) {
    if (target.closest("input, .code-uses")) return null;
    return target.closest(type === "touch" ? "[data-handle]" : "[data-code]")?.closest("[data-code]") ?? null;
  }

  lift(card) {
    const count = this.chosen(card).length;
    this.ghost = Object.assign(document.createElement("div"), { className: "drag-ghost" });
    this.ghost.textContent = count > 1 ? `${count} codes` : card.dataset.name;
    document.body.append(this.ghost);
    document.body.classList.add("dragging");
  }

  over(place) {
    for (const one of this.places) one.classList.toggle("over", one === place);
  }

  putDown() {
    this.ghost?.remove();
    document.body.classList.remove("dragging");
    this.over(null);
  }

  // --- renaming in place ---

  rename(card) {
    const link = card.querySelector("[data-part=name]");
    const field = Object.assign(document.createElement("input"), { value: card.dataset.name, maxLength: 80 });
    field.setAttribute("aria-label", `New name of ${card.dataset.name}`);
    link.hidden = true;
    link.after(field);
    field.select();
    const leave = () => {
      field.remove();
      link.hidden = false;
      link.focus();
    };
    field.addEventListener("keydown", async (event) => {
      if (event.key === "Escape") leave();
      if (event.key === "Enter" && (await this.renamed(card, link, field.value))) leave();
    });
  }

  async renamed(card, link, name) {
    try {
      const { said } = await this.post(card.dataset.rename, [["name", name]]);
      card.dataset.name = name.trim();
      link.lastChild.textContent = name.trim();
      this.say(said);
      return true;
    } catch (error) {
      this.say(error.message, true);
      return false;
    }
  }
}

const boxOf = (card) => card.querySelector("input[type=checkbox]");
const usesOf = (card) => parseInt(card.querySelector(".code-uses").textContent.replace(/\D/g, ""), 10);
const middle = ({ left, top, width, height }) => ({ x: left + width / 2, y: top + height / 2 });

if (typeof document !== "undefined") {
  const root = document.querySelector("[data-board]");
  if (root) new Board(root).start();
}
