// Dragging by pointer: something under `pick` is taken along once the pointer has moved, and dropped on a place.
// By touch only a handle drags, so that the page can still be scrolled.

const SLACK = 6; // pixels that a press may tremble

export class Drag {
  // `pick(target)` gives what is dragged or null, `place(event)` the place under the pointer or null; `over(place)`
  // hears of the place that would be dropped on, `start`, `move(x, y)` and `end` of the drag, `drop` of what came of it.
  constructor(root, { pick, place, start, move, over, drop, end }) {
    Object.assign(this, { pick, place, start, move, over, drop, end, held: null });
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.moved(event));
    root.addEventListener("pointerup", (event) => this.up(event));
    root.addEventListener("pointercancel", () => this.stop());
    root.addEventListener("click", (event) => this.clicked(event), true);
  }

  down(event) {
    this.dropped = false;
    if (event.button) return;
    const thing = this.pick(event.target, event.pointerType);
    if (thing) this.held = { thing, x: event.clientX, y: event.clientY, moving: false };
  }

  moved(event) {
    const { held } = this;
    if (!held) return;
    if (!held.moving && Math.hypot(event.clientX - held.x, event.clientY - held.y) < SLACK) return;
    if (!held.moving) this.start(held.thing, event.pointerId);
    held.moving = true;
    this.move(event.clientX, event.clientY);
    this.over(this.place(event));
  }

  up(event) {
    const { held } = this;
    const place = held?.moving ? this.place(event) : null;
    this.dropped = Boolean(held?.moving);
    this.stop();
    if (place) this.drop(held.thing, place);
  }

  // Without a drop; Esc does that too.
  stop() {
    if (this.held?.moving) this.end();
    this.held = null;
  }

  // What ends a drag is no click.
  clicked(event) {
    if (!this.dropped) return;
    this.dropped = false;
    event.preventDefault();
    event.stopPropagation();
  }
}
