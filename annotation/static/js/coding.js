// The coder's page: [data-coding] with the form of codes beside the thing that is coded. Everything is sent as the
// form would send it; what was typed stays until the server has kept it.

import { isTyping } from "./keys.js";
import { actionFor } from "./coding-keys.js";
import { Picker } from "./coding-picker.js";
import { Thing, takeOver } from "./coding-thing.js";
import { poster } from "./review-server.js";

const PROMPTS = "winnow:coding:prompts";

class CodingPage {
  constructor(root) {
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.form = this.part("form");
    this.find = this.part("find");
    this.rows = new Map(); // option -> its label
    this.drawn = ""; // what was typed when the rows were last put in order
    const labels = [...this.part("options").querySelectorAll(".option")];
    this.picker = new Picker(labels.map((label) => this.known(label)));
    this.thing = new Thing(this.part("thing"), (text) => this.hint(text));
    const csrf = this.form.elements.csrfmiddlewaretoken.value;
    this.post = poster({ csrf, fetch: window.fetch.bind(window) });
    this.acts = {
      submit: () => this.submit(),
      add: () => this.add(false),
      new: () => this.add(true),
      toggle: ({ digit }) => this.picker.toggle(digit),
      back: () => this.picker.takeBack(),
      down: () => this.picker.move(1),
      up: () => this.picker.move(-1),
      find: () => this.find.focus(),
      leave: () => document.activeElement.blur(),
      memo: () => this.part("memo").focus(),
      prompt: () => this.part("prompt")?.toggleAttribute("open"),
      reveal: () => this.thing.reveal(),
      play: () => this.thing.play(),
      undo: () => this.part("undo").form.requestSubmit(),
      before: () => this.part("before")?.click(),
      after: () => this.part("after")?.click(),
    };
  }

  known(label) {
    const box = label.querySelector("input");
    const option = { name: label.dataset.name, chosen: box.checked, digit: Number(label.dataset.digit ?? 0) };
    this.rows.set(option, label);
    box.addEventListener("change", () => {
      this.picker.choose(option, box.checked);
      this.draw();
    });
    return option;
  }

  start(root) {
    takeOver(root);
    document.addEventListener("keydown", (event) => this.press(event));
    this.find.addEventListener("input", () => this.act(() => this.picker.type(this.find.value)));
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.part("chosen").addEventListener("click", (event) => this.unchip(event.target.closest("button")));
    const prompt = this.part("prompt");
    if (prompt) {
      prompt.open = localStorage.getItem(PROMPTS) === "open";
      prompt.addEventListener("toggle", () => localStorage.setItem(PROMPTS, prompt.open ? "open" : ""));
    }
    this.hint("");
    this.draw();
  }

  press(event) {
    if (document.querySelector("dialog[open]")) return;
    const place = event.target === this.find ? "find" : isTyping(event.target) ? "text" : "";
    const action = actionFor(event, place, this.find.value === "");
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || ["up", "down"].includes(action.type)) this.act(() => this.acts[action.type](action));
  }

  act(change) {
    this.hint("");
    change();
    this.draw();
  }

  add(anew) {
    const option = this.picker.add(anew);
    if (!this.rows.has(option)) this.rows.set(option, this.made(option));
    this.find.value = "";
  }

  // A new code is sent by its name.
  made(option) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "new", value: option.name });
    const name = Object.assign(document.createElement("span"), { className: "option-name", textContent: option.name });
    label.className = "option";
    name.dir = "auto";
    label.append(box, name);
    box.addEventListener("change", () => {
      this.picker.choose(option, box.checked);
      this.draw();
    });
    this.part("options").append(label);
    return label;
  }

  unchip(button) {
    if (button) this.act(() => this.picker.choose(this.picker.order[Number(button.value)], false));
  }

  draw() {
    const { picker } = this;
    for (const [option, label] of this.rows) {
      label.querySelector("input").checked = option.chosen;
      label.hidden = !picker.found.includes(option) && Boolean(picker.text);
      label.classList.toggle("marked", option === picker.marked);
    }
    if (this.drawn !== picker.text) this.order();
    this.part("chosen").replaceChildren(...picker.order.map(chip));
    if (picker.text) this.hint(sentence(picker));
  }

  // The best fit first, and all in their old order when nothing is typed. Only then: a row that moves loses the focus.
  order() {
    const { text, found, options } = this.picker;
    for (const option of text ? found : options) this.part("options").append(this.rows.get(option));
    this.drawn = text;
  }

  hint(text) {
    this.part("hint").textContent = text || "Type a code, or press its digit.";
  }

  complain(text) {
    this.part("error").textContent = text;
    this.part("error").classList.add("bad");
    this.part("error").hidden = !text;
  }

  submit() {
    this.form.requestSubmit();
  }

  async submitted(event) {
    event.preventDefault();
    if (this.sending) return;
    if (this.find.value.trim()) this.act(() => this.add(false));
    this.sending = true;
    this.part("submit").setAttribute("aria-busy", "true");
    try {
      const { to } = await this.post(this.form.action, new FormData(this.form));
      window.location.assign(to);
    } catch (error) {
      this.complain(error.message);
      this.sending = false;
      this.part("submit").removeAttribute("aria-busy");
    }
  }
}

function chip(option, at) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", value: at });
  const name = Object.assign(document.createElement("bdi"), { textContent: option.name });
  button.setAttribute("aria-label", `Take back ${option.name}`);
  button.append(name, " ×");
  return button;
}

function sentence({ marked, fresh, text }) {
  if (marked) return `Enter gives “${marked.name}”${fresh ? `; Shift and Enter makes “${text}”` : ""}.`;
  return `Enter makes the new code “${fresh}”.`;
}

if (typeof document !== "undefined") {
  const root = document.querySelector("[data-coding]");
  if (root) new CodingPage(root).start(root);
}
