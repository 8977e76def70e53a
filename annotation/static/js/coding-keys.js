// Which key does what on the coder's page.

const LETTERS = { c: "find", "/": "find", m: "memo", r: "reveal", p: "prompt", z: "undo" };
const MOVES = { ArrowLeft: "before", ArrowRight: "after" };
const PRESSABLE = new Set(["BUTTON", "A", "SUMMARY"]);
const digitOf = (key) => (/^[1-9]$/.test(key) ? Number(key) : 0);

// The action of a key press, {type, digit?}, or null. `place` says where it falls: "find" in the field of codes,
// "text" in other text, "" anywhere else; `empty` whether the field of codes is.
export function actionFor(event, place, empty) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return { type: "submit" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (place === "text") return event.key === "Escape" ? { type: "leave" } : null;
  if (place === "find") return empty ? inEmptyField(event) : inField(event);
  return outside(event);
}

function inField({ key, shiftKey }) {
  if (key === "Enter") return { type: shiftKey ? "new" : "add" };
  if (key === "ArrowDown") return { type: "down" };
  if (key === "ArrowUp") return { type: "up" };
  return key === "Escape" ? { type: "leave" } : null;
}

// With nothing typed the field leaves the keys that write no name to the page.
function inEmptyField({ key }) {
  if (key === "Escape") return { type: "leave" };
  return common(key);
}

function outside({ key, target }) {
  const pressable = PRESSABLE.has(target?.tagName);
  if (pressable && (key === "Enter" || key === " ")) return null;
  if (key === " " && target?.tagName === "INPUT") return null;
  return common(key) ?? (LETTERS[key.toLowerCase()] ? { type: LETTERS[key.toLowerCase()] } : null);
}

function common(key) {
  if (digitOf(key)) return { type: "toggle", digit: digitOf(key) };
  if (key === "Enter") return { type: "submit" };
  if (key === " ") return { type: "play" };
  if (key === "Backspace") return { type: "back" };
  return MOVES[key] ? { type: MOVES[key] } : null;
}
