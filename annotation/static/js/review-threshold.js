// The threshold of a rule, on the screening page: [data-threshold] with data-url (what a value would change),
// data-low, data-high, data-log, data-above and data-unit. Its slider, its number, the line in the histogram and what
// is coloured beyond it are one value.

const STEPS = 400; // of the slider
const DIGITS = 3;
const CALM = 150; // milliseconds without a move before the server is asked
const FAR = "The server cannot be reached. Move the threshold again to retry.";

// The value at a share of the axis, 0 to 1, to as many digits as a person would write.
export function valueAt(share, { low, high, log }) {
  const value = log ? low * (high / low) ** share : low + share * (high - low);
  return Number(value.toPrecision(DIGITS));
}

// Where on the axis a value stands, 0 to 1.
export function shareOf(value, { low, high, log }) {
  const share = log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.min(1, Math.max(0, share));
}

class Threshold {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    const { low, high, log, above, url } = root.dataset;
    this.axis = { low: Number(low), high: Number(high), log: log === "true" };
    this.above = above === "true";
    this.url = url;
  }

  start() {
    const slider = this.part("slider");
    Object.assign(slider, { min: 0, max: STEPS, step: 1 });
    slider.value = STEPS * shareOf(this.part("number").valueAsNumber, this.axis);
    this.say();
    this.part("slide").hidden = false;
    this.part("preview").hidden = true;
    slider.addEventListener("input", () => this.set(valueAt(slider.value / STEPS, this.axis), slider));
    this.part("number").addEventListener("input", (event) => this.set(event.target.valueAsNumber, event.target));
    this.part("number").form.addEventListener("submit", (event) => event.preventDefault());
  }

  set(value, from) {
    if (!Number.isFinite(value)) return;
    const share = shareOf(value, this.axis);
    if (from !== this.part("slider")) this.part("slider").value = STEPS * share;
    if (from !== this.part("number")) this.part("number").value = value;
    this.part("chosen").value = value;
    this.say();
    this.draw(share, value);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(value), CALM);
  }

  say() {
    this.part("slider").setAttribute("aria-valuetext", `${this.part("number").value} ${this.root.dataset.unit}`);
  }

  draw(share, value) {
    const label = this.part("line-label");
    for (const name of ["x1", "x2"]) this.part("line").setAttribute(name, `${100 * share}%`);
    label.setAttribute("x", `${100 * share}%`);
    label.setAttribute("text-anchor", share > 0.5 ? "end" : "start");
    label.setAttribute("dx", share > 0.5 ? -6 : 6);
    label.textContent = `threshold ${value}`;
    this.part("beyond").setAttribute("x", this.above ? `${100 * share}%` : 0);
    this.part("beyond").setAttribute("width", `${100 * (this.above ? 1 - share : share)}%`);
  }

  async ask(value) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.root.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`${this.url}&threshold=${value}`, {
        headers: { Accept: "application/json" },
        signal: asking.signal,
      });
      const body = await response.json();
      if (response.ok) this.tell(body.counts);
      else this.part("change").textContent = body.detail;
    } catch {
      if (!asking.signal.aborted) this.part("change").textContent = FAR;
    }
    if (asking === this.asking) this.root.removeAttribute("aria-busy");
  }

  // The counts as links to their videos, as the server wrote them when the page was made.
  tell(counts) {
    const parts = counts.flatMap(({ text, url }, index) => [index ? " · " : "", url ? link(text, url) : text]);
    this.part("change").replaceChildren(...parts);
  }
}

function link(text, url) {
  const element = document.createElement("a");
  element.href = url;
  element.textContent = text;
  return element;
}

if (typeof document !== "undefined") {
  for (const root of document.querySelectorAll("[data-threshold]")) new Threshold(root).start();
}
