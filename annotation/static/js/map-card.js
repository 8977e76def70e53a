// One video beside the map: a card with the parts title, letter, group, near, strip and show. It comes covered; Show takes the
// cover off, and Esc puts it on again, as on every page.

import { isVeiled, unveil, veil } from "./reveal.js";

// `told` is what the server says of the video; `group` and `letter` are those of its point, `near` its cosine, if any.
export function fill(card, told, { group, letter, near }) {
  const part = (name) => card.querySelector(`[data-part="${name}"]`);
  card.dataset.sha256 = told.sha256;
  part("title").textContent = told.title;
  part("title").title = told.prompt || told.title;
  part("title").href = told.page;
  part("letter").textContent = letter;
  part("group").textContent = group;
  part("near").textContent = near === undefined ? "" : `nearness ${near.toFixed(2)}`;
  const strip = part("strip");
  veil(strip.parentElement);
  if (strip.getAttribute("src") !== told.filmstrip) strip.src = told.filmstrip;
  label(card);
}

export function toggle(card) {
  const clip = card.querySelector("[data-veil]");
  (isVeiled(clip) ? unveil : veil)(clip);
}

// The button says what a press will do, whoever covered or uncovered the clip.
export function label(card) {
  const button = card.querySelector('[data-part="show"]');
  const veiled = isVeiled(card.querySelector("[data-veil]"));
  button.textContent = veiled ? "Show" : "Hide";
  button.setAttribute("aria-pressed", String(!veiled));
}
