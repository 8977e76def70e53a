// Which key does what on the rating page.

const LETTERS = { r: "reveal", x: "skip", z: "back", d: "definitions", 0: "none" };
const PRESSABLE = new Set(["BUTTON", "A", "SUMMARY"]);

// The action of a key press outside of text: {type, index} or null. A control that has the focus keeps its own keys: Space ticks
// a box, Enter and Space press a button.
export function actionFor(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const tag = event.target?.tagName;
  if (event.key === "Enter") return PRESSABLE.has(tag) ? null : { type: "submit" };
  if (event.key === " ") return PRESSABLE.has(tag) || tag === "INPUT" ? null : { type: "play" };
  if (/^[1-9]$/.test(event.key)) return { type: "choice", index: Number(event.key) - 1 };
  const type = LETTERS[event.key.toLowerCase()];
  return type ? { type } : null;
}
