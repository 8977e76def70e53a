// Which key does what on the map, while the map itself has the focus.

const KEYS = {
  ArrowLeft: ["step", "left"],
  ArrowRight: ["step", "right"],
  ArrowUp: ["step", "up"],
  ArrowDown: ["step", "down"],
  Enter: ["open"],
  " ": ["toggle"],
  "+": ["zoom", 1.5],
  "=": ["zoom", 1.5],
  "-": ["zoom", 1 / 1.5],
  0: ["whole"],
  r: ["reveal"],
  a: ["around"],
  c: ["clear"],
  m: ["like"],
};
const PUSH = 80; // pixels
const PUSHES = { ArrowLeft: [PUSH, 0], ArrowRight: [-PUSH, 0], ArrowUp: [0, PUSH], ArrowDown: [0, -PUSH] };

// [name, …arguments] or null. Shift with an arrow pushes the map; without it, it steps from point to point.
export function actionFor(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.shiftKey && PUSHES[event.key]) return ["push", ...PUSHES[event.key]];
  return KEYS[event.key] ?? KEYS[event.key.toLowerCase()] ?? null;
}
