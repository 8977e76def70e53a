// The rail at phone width: a button with data-menu="<id>" shows and hides the element of that id.

export function isOpen(button) {
  return button.getAttribute("aria-expanded") === "true";
}

export function setOpen(button, element, open) {
  button.setAttribute("aria-expanded", String(open));
  element.dataset.open = String(open);
}

function start(doc) {
  for (const button of doc.querySelectorAll("[data-menu]")) {
    const element = doc.getElementById(button.dataset.menu);
    button.hidden = false;
    setOpen(button, element, false);
    button.addEventListener("click", () => setOpen(button, element, !isOpen(button)));
  }
}

if (typeof document !== "undefined") start(document);
