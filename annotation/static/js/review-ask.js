// The dialog that says what a decision will do to how many videos, and asks why: a <dialog> with the parts form,
// title, text, why, error, go and cancel.

export const MISSING = "Say why; the reason is kept in the log.";

export class Ask {
  constructor(dialog) {
    this.dialog = dialog;
    this.part = (name) => dialog.querySelector(`[data-part="${name}"]`);
    this.last = {}; // the reason last given, by action: it is offered again
    this.part("form").addEventListener("submit", (event) => this.submit(event));
    this.part("cancel").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.settle(null));
  }

  // The reason, or null if the person thinks better of it.
  ask(action, { title, text, button }) {
    this.action = action;
    this.part("title").textContent = title;
    this.part("text").textContent = text;
    this.part("go").textContent = button;
    this.part("why").value = this.last[action] ?? "";
    this.complain("");
    this.dialog.showModal();
    this.part("why").select();
    return new Promise((done) => (this.done = done));
  }

  submit(event) {
    event.preventDefault();
    const why = this.part("why").value.trim();
    if (!why) return this.complain(MISSING);
    this.last[this.action] = why;
    this.settle(why);
    this.dialog.close();
  }

  settle(why) {
    this.done?.(why);
    this.done = null;
  }

  complain(text) {
    this.part("error").textContent = text;
    this.part("why").setAttribute("aria-invalid", String(Boolean(text)));
  }
}
