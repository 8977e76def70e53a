// The list beside the map: the points that are chosen, or else those in the window, a page at a time, sorted.

import { fill, label } from "./map-card.js";
import { SORTS, pageOf } from "./map-order.js";

const NOTHING = new Map();

export class List {
  // `ask(numbers)` gives what the server tells of these points, by number; `say(number)` the group and letter of one.
  constructor(root, { ask, say, failed }) {
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    Object.assign(this, { ask, say, failed, numbers: [], near: NOTHING, page: 0, turn: 0 });
    this.part("sort").addEventListener("change", () => this.show(0));
    this.part("before").addEventListener("click", () => this.show(this.page - 1));
    this.part("after").addEventListener("click", () => this.show(this.page + 1));
    this.part("items").addEventListener("veil", (event) => label(event.target.closest("li")));
  }

  // Nearness orders what has one; else a person's own choice stays.
  set(points, numbers, near = NOTHING) {
    const sort = this.part("sort");
    sort.querySelector('[value="near"]').hidden = !near.size;
    if (near.size && !this.near.size) sort.value = "near";
    if (!near.size && sort.value === "near") sort.value = "group";
    Object.assign(this, { points, numbers, near });
    return this.show(0);
  }

  async show(wanted) {
    const sorted = [...this.numbers].sort(SORTS[this.part("sort").value](this.points, this.near));
    const { numbers, page, pages } = pageOf(sorted, wanted);
    this.page = page;
    this.part("page").textContent = `page ${page + 1} of ${pages}`;
    this.part("before").disabled = page === 0;
    this.part("after").disabled = page === pages - 1;
    if (!this.shown?.is(this.points, this.near, numbers)) await this.load(numbers);
  }

  async load(numbers) {
    const { points, near } = this;
    const turn = ++this.turn; // a page asked for later goes first
    this.shown = { is: (...other) => points === other[0] && near === other[1] && `${numbers}` === `${other[2]}` };
    this.part("items").setAttribute("aria-busy", "true");
    try {
      const told = await this.ask(numbers);
      if (turn === this.turn) this.fill(numbers, told);
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  fill(numbers, told) {
    const cards = numbers.filter((number) => told.has(number)).map((number) => this.card(number, told.get(number)));
    this.part("items").replaceChildren(...cards);
    this.part("items").removeAttribute("aria-busy");
  }

  card(number, told) {
    const card = this.part("card").content.firstElementChild.cloneNode(true);
    card.dataset.point = number;
    fill(card, told, { ...this.say(number), near: this.near.get(number) });
    return card;
  }
}
