// The window with the points: draws them, moves, names the large groups by their letters, rings the point one is at.

import { WHOLE, panned, reach, toMap, toWindow, zoomed } from "./map-camera.js";
import { CHOSEN, DIMMED, Drawing, PLAIN, SLOTS } from "./map-draw.js";
import { between, inside, middles, nearest } from "./map-find.js";
import { LETTERS } from "./map-words.js";

const REST = 150; // milliseconds without a move before the points are drawn anew
const NEAR = 12; // pixels between a pointer and the point it means

export class View {
  // `rested()` is told when what is in the window has changed. Throws where there is no WebGL.
  constructor(root, { rested }) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.drawing = new Drawing(this.part("canvas"));
    this.camera = WHOLE;
    this.rested = rested;
    new ResizeObserver(() => this.drawing.drawn && this.redraw()).observe(root);
  }

  get window() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  // The points are drawn by `choose`.
  load(points, colours) {
    this.points = points;
    this.drawing.load(points, slotsOf(points));
    this.drawing.colour(colours);
    this.middles = middles(points, points.head.ordered ? 0 : Math.min(LETTERS.length, points.head.rest ?? LETTERS.length));
    this.part("letters").replaceChildren(...this.middles.map((_, group) => letter(group)));
  }

  colour(colours) {
    this.drawing.colour(colours);
    this.redraw();
  }

  choose(numbers) {
    const shades = new Uint8Array(this.points.count).fill(numbers.length ? DIMMED : PLAIN);
    for (const number of numbers) shades[number] = CHOSEN;
    this.drawing.shade(shades);
    this.part("letters").classList.toggle("dimmed", numbers.length > 0);
    this.redraw();
  }

  // --- moving ---

  look(camera) {
    this.camera = camera;
    if (!this.drawing.move(camera, this.window)) this.drawing.draw(camera, this.window);
    this.place();
    this.rest();
  }

  // Draw anew once nothing moves any more; never while a hand holds the map.
  rest() {
    clearTimeout(this.waiting);
    if (!this.held) this.waiting = setTimeout(() => this.redraw(), REST);
  }

  hold(held) {
    this.held = held;
    if (this.drawing.drawn !== this.camera) this.rest();
  }

  move(dx, dy) {
    this.look(panned(this.camera, this.window, dx, dy));
  }

  zoom(times, x, y) {
    this.look(zoomed(this.camera, this.window, times, x, y));
  }

  whole() {
    this.look(WHOLE);
  }

  redraw() {
    this.drawing.draw(this.camera, this.window);
    this.place();
    this.rested();
  }

  // --- what lies over the picture ---

  place() {
    for (const [group, span] of [...this.part("letters").children].entries()) this.put(span, this.middles[group]);
    if (this.at >= 0) this.put(this.part("ring"), { x: this.points.x[this.at], y: this.points.y[this.at] });
  }

  put(element, place) {
    element.hidden = !place;
    if (!place) return;
    const { x, y } = toWindow(this.camera, this.window, place.x, place.y);
    element.style.transform = `translate(${x}px, ${y}px)`;
  }

  // Ring a point, and bring it into the window; -1 for none.
  ring(number, follow = false) {
    this.at = number;
    this.part("ring").hidden = number < 0;
    if (number < 0) return;
    const [x, y] = [this.points.x[number], this.points.y[number]];
    const seen = toWindow(this.camera, this.window, x, y);
    const outside = seen.x < 0 || seen.y < 0 || seen.x > this.window.width || seen.y > this.window.height;
    if (follow && outside) this.look({ ...this.camera, x, y });
    this.place();
  }

  lasso(line) {
    this.part("lasso").setAttribute("points", (line ?? []).map(({ x, y }) => `${x},${y}`).join(" "));
  }

  // --- which points ---

  under(x, y) {
    const place = toMap(this.camera, this.window, x, y);
    return nearest(this.points, place.x, place.y, NEAR / reach(this.camera, this.window));
  }

  within(line) {
    return inside(this.points, line.map(({ x, y }) => toMap(this.camera, this.window, x, y)));
  }

  get seen() {
    const { width, height } = this.window;
    return between(this.points, toMap(this.camera, this.window, 0, 0), toMap(this.camera, this.window, width, height));
  }

  // The point nearest to the middle, where steps by keys begin.
  get middle() {
    return nearest(this.points, this.camera.x, this.camera.y, 4);
  }
}

// The colour of each point: the large groups have their own, the smaller ones share one, and so do those of which nothing is told.
function slotsOf({ count, group, head }) {
  const slots = new Uint8Array(count);
  for (let at = 0; at < count; at++) slots[at] = slotOf(group[at], head);
  return slots;
}

export function slotOf(group, { rest }) {
  return group === rest ? SLOTS - 1 : Math.min(group, SLOTS - 2);
}

function letter(group) {
  const span = document.createElement("span");
  span.textContent = LETTERS[group];
  return span;
}
