// Media is never seen by accident. An element with data-veil="on" is covered; a button with
// data-reveal="<id of that element>" takes the veil off and puts it on again. Esc covers everything on the page.

export function isVeiled(element) {
  return element.dataset.veil !== "off";
}

export function veil(element) {
  for (const video of element.querySelectorAll("video")) {
    video.pause();
    video.removeAttribute("controls");
  }
  for (const image of element.querySelectorAll("img[data-src]")) image.removeAttribute("src");
  change(element, "on");
}

export function unveil(element) {
  for (const video of element.querySelectorAll("video")) {
    video.muted = true;
    if (video.preload === "none") video.preload = "auto";
    if ("controls" in video.dataset) video.setAttribute("controls", "");
  }
  for (const image of element.querySelectorAll("img[data-src]")) image.src = image.dataset.src;
  change(element, "off");
}

export function hideAll(root) {
  for (const element of root.querySelectorAll("[data-veil]")) veil(element);
}

function change(element, state) {
  element.dataset.veil = state;
  element.dispatchEvent(new CustomEvent("veil", { bubbles: true }));
}

function label(button, veiled) {
  button.setAttribute("aria-pressed", String(!veiled));
  button.textContent = veiled ? button.dataset.show : button.dataset.hide;
}

function start(doc) {
  doc.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideAll(doc);
  });
  for (const button of doc.querySelectorAll("[data-reveal]")) {
    const element = doc.getElementById(button.dataset.reveal);
    button.hidden = false;
    label(button, true);
    button.addEventListener("click", () => (isVeiled(element) ? unveil(element) : veil(element)));
    element.addEventListener("veil", () => label(button, isVeiled(element)));
  }
}

if (typeof document !== "undefined") start(document);
