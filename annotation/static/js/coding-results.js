// Settling a disagreement: [data-resolve] with the coders' codes as radio buttons. A digit takes a coder's codes, E
// opens those of one's own; then the reason is typed and Enter sends the form.

import { isTyping } from "./keys.js";
import { actionFor } from "./coding-resolve-keys.js";
import { Thing, takeOver } from "./coding-thing.js";

function start(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const [own, others, why] = [part("own"), part("others"), part("why")];
  const voices = [...root.querySelectorAll("input[name=take]")].filter((radio) => radio !== own);
  const thing = new Thing(part("thing"), () => {});
  takeOver(root);
  own.addEventListener("change", () => (others.open = true));
  others.addEventListener("change", () => (own.checked = true));
  const acts = {
    own() {
      own.checked = others.open = true;
      others.querySelector("input")?.focus();
    },
    reveal: () => thing.reveal(),
    play: () => thing.play(),
  };
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionFor(event, voices.length);
    if (!action) return;
    event.preventDefault();
    if (typeof action === "string") return acts[action]();
    voices[action.take].checked = true;
    why.focus();
  });
}

if (typeof document !== "undefined") {
  const root = document.querySelector("[data-resolve]");
  if (root) start(root);
}
