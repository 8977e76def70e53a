// The codes of one item, found by typing. An option is {name, chosen, digit, ...}; nothing here knows the page.

// The text as names are compared: one blank between words, no case, no accents.
export function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim().replace(/\s+/g, " ");
}

// How well a name fits what was typed: 0 begins with it, 1 has a word that does, 2 holds it, 3 not at all.
export function fit(name, typed) {
  const [whole, part] = [folded(name), folded(typed)];
  if (whole.startsWith(part)) return 0;
  if (whole.includes(` ${part}`)) return 1;
  return whole.includes(part) ? 2 : 3;
}

export class Picker {
  constructor(options) {
    this.options = options;
    this.order = options.filter((option) => option.chosen); // as they were chosen
    this.type("");
  }

  // What was typed so far; the best candidate is marked.
  type(text) {
    this.text = text.trim();
    this.found = this.text ? this.fitting() : [...this.options];
    const sure = this.found.length && fit(this.found[0].name, this.text) < 2;
    this.at = sure || !this.fresh ? 0 : this.found.length;
  }

  fitting() {
    const fits = this.options.map((option) => ({ option, fit: fit(option.name, this.text) }));
    return fits.filter((one) => one.fit < 3).sort((a, b) => a.fit - b.fit).map((one) => one.option);
  }

  // The name of the new code that may be made, "" where there is one of that name or nothing is typed.
  get fresh() {
    const known = this.options.some((option) => lower(option.name) === lower(this.text));
    return known ? "" : this.text;
  }

  // The option that Enter would add, or null for a new code.
  get marked() {
    return this.text ? (this.found[this.at] ?? null) : null;
  }

  move(by) {
    const count = this.found.length + (this.fresh ? 1 : 0);
    if (this.text && count) this.at = (this.at + by + count) % count;
  }

  // Choose what is marked, or with `anew` a new code of what was typed; gives the option.
  add(anew = false) {
    const option = (anew && this.fresh ? null : this.marked) ?? this.make(this.text);
    this.choose(option, true);
    this.type("");
    return option;
  }

  make(name) {
    const option = { name, chosen: false, digit: 0, fresh: true };
    this.options.push(option);
    return option;
  }

  choose(option, chosen) {
    if (option.chosen === chosen && this.order.includes(option) === chosen) return;
    option.chosen = chosen;
    this.order = this.order.filter((other) => other !== option);
    if (chosen) this.order.push(option);
  }

  // Toggle one of the most used by its digit; the option, or undefined where there is none.
  toggle(digit) {
    const option = this.options.find((one) => one.digit === digit);
    if (option) this.choose(option, !option.chosen);
    return option;
  }

  takeBack() {
    const last = this.order.at(-1);
    if (last) this.choose(last, false);
    return last;
  }
}

function lower(text) {
  return text.toLowerCase().trim().replace(/\s+/g, " ");
}
