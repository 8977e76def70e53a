// Which key does what on the board of a codebook.

const LETTERS = { j: "previous", l: "next", x: "tick", e: "rename", m: "merge" };
const ARROWS = { ArrowLeft: "previous", ArrowRight: "next", ArrowUp: "above", ArrowDown: "below" };

// {type, place?} of a key press outside of text, or null. `onCode`: whether a code has the focus.
export function actionFor(event, onCode) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[0-9]$/.test(event.key)) return { type: "gather", place: event.key };
  if (ARROWS[event.key]) return onCode ? { type: ARROWS[event.key] } : null;
  const type = LETTERS[event.key.toLowerCase()];
  return type ? { type } : null;
}
