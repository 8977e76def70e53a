// The video or cluster that is coded: a [data-group] of cards, covered until somebody asks.

import { isVeiled, unveil, veil } from "./reveal.js";
import { Group, HIDDEN } from "./review-group.js";

export class Thing {
  // `say(text)` tells the person what did not work.
  constructor(root, say) {
    this.group = new Group(root, { isVeiled, veil, unveil });
    this.say = say;
    root.addEventListener("click", (event) => this.click(event.target.closest("[data-act]")));
    root.addEventListener("error", (event) => this.failed(event.target), true);
    window.addEventListener("pagehide", () => root.querySelectorAll("[data-veil]").forEach(veil));
  }

  click(button) {
    if (button?.dataset.act === "show") this.group.reveal();
    if (button?.dataset.act === "play") this.play();
  }

  play() {
    this.say(this.group.toggle() ? "" : HIDDEN);
  }

  reveal() {
    this.group.reveal();
    this.say("");
  }

  failed(media) {
    if (media.tagName !== "VIDEO") return;
    media.closest("[data-card]").querySelector("[data-part=failed]").hidden = false;
  }
}

// Show what only a script can use, hide what only plain forms need.
export function takeOver(root) {
  for (const element of root.querySelectorAll("[data-scripted]")) element.hidden = false;
  for (const element of root.querySelectorAll("[data-plain]")) element.hidden = true;
}
