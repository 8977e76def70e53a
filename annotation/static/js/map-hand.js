// What a hand does to the map: drag moves it, the wheel and two fingers zoom, Shift or the lasso button draws a lasso, a click
// opens. `on` hears: held(whether a finger is down), move(dx, dy), zoom(times, x, y), over(x, y) or over() for none, click(x, y),
// lasso(line), drawn(line).

const STILL = 4; // pixels that a click may move

export class Hand {
  constructor(element, on) {
    Object.assign(this, { element, on, fingers: new Map(), line: null, lasso: false, far: 0 });
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.up(event));
    element.addEventListener("pointercancel", (event) => this.cancel(event));
    element.addEventListener("pointerleave", () => this.on.over());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  at(event) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  down(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    if (this.fingers.size === 1) this.far = 0;
    this.on.held(true);
    if (this.fingers.size === 1 && (event.shiftKey || this.lasso)) this.line = [this.at(event)];
    else this.line = null;
  }

  move(event) {
    const [now, before] = [this.at(event), this.fingers.get(event.pointerId)];
    if (!before) return this.on.over(now.x, now.y);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    this.far += Math.abs(dx) + Math.abs(dy);
    if (this.line) this.on.drawn(this.line = [...this.line, now]);
    else if (this.fingers.size === 2) this.pinch(event.pointerId, before, now);
    else this.on.move(dx, dy);
    this.fingers.set(event.pointerId, now);
  }

  pinch(id, before, now) {
    const [, other] = [...this.fingers].find(([own]) => own !== id);
    const apart = (finger) => Math.hypot(finger.x - other.x, finger.y - other.y) || 1;
    this.on.zoom(apart(now) / apart(before), other.x, other.y);
  }

  up(event) {
    const [line, was] = [this.line, this.fingers.has(event.pointerId)];
    if (!was) return;
    this.cancel(event);
    if (line && this.far > STILL) this.on.lasso(line);
    else if (this.far <= STILL) this.on.click(this.at(event).x, this.at(event).y);
  }

  cancel(event) {
    this.fingers.delete(event.pointerId);
    this.line = null;
    this.on.drawn(null);
    this.on.held(this.fingers.size > 0);
  }

  wheel(event) {
    event.preventDefault();
    const { x, y } = this.at(event);
    this.on.zoom(Math.exp(-event.deltaY / 400), x, y);
  }
}
