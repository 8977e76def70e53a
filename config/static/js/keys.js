// The keys of a page: `?` or a button with data-keys-open shows the dialog with data-keys, and closes it again.

const EDITABLE = new Set(["INPUT", "TEXTAREA", "SELECT"]);
const NOT_TYPED = new Set(["checkbox", "radio", "button", "submit"]);

// Whether keys pressed in `target` are text that somebody types.
export function isTyping(target) {
  if (!target || target.isContentEditable) return Boolean(target);
  return EDITABLE.has(target.tagName) && !NOT_TYPED.has(target.type);
}

export function asksForKeys(event) {
  return event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
}

export function toggleDialog(dialog) {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function start(doc) {
  const dialog = doc.querySelector("dialog[data-keys]");
  if (!dialog) return;
  doc.addEventListener("keydown", (event) => {
    if (asksForKeys(event)) toggleDialog(dialog);
  });
  for (const button of doc.querySelectorAll("[data-keys-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => toggleDialog(dialog));
  }
}

if (typeof document !== "undefined") start(document);
