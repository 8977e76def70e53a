// Which key does what on the review pages.

const LETTERS = {
  r: "reveal",
  x: "select",
  k: "keep",
  d: "remove",
  s: "split",
  m: "merge",
  z: "undo",
  j: "previous",
  l: "next",
};
const ARROWS = { ArrowLeft: "previous", ArrowRight: "next", ArrowUp: "above", ArrowDown: "below" };
const PRESSABLE = new Set(["BUTTON", "A", "SUMMARY"]);

// The action of a key press outside of text: {type, wide} or null, where `wide` is Shift: an arrow takes along what
// it passes, R shows the whole group. A control that has the focus keeps Space for itself.
export function actionFor(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const tag = event.target?.tagName;
  if (event.key === " ") return PRESSABLE.has(tag) || tag === "INPUT" ? null : { type: "play", wide: false };
  const type = ARROWS[event.key] ?? LETTERS[event.key.toLowerCase()];
  return type ? { type, wide: Boolean(event.shiftKey) } : null;
}
