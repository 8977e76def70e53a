// What the map says.

export function videos(n) {
  return `${n.toLocaleString("en")} ${n === 1 ? "video" : "videos"}`;
}

// The letter of a group, which stands beside its colour everywhere; the smaller groups share one sign.
export const LETTERS = "ABCDEFGH";
export function letterOf(group, { rest }) {
  if (group === rest) return "–";
  return LETTERS[group] ?? "·";
}

export function question(action, n) {
  const undo = "This can be undone in the log.";
  if (action === "flag") {
    return { title: `Flag ${videos(n)}?`, text: `${n === 1 ? "It stays" : "They stay"} in the funnel, with a mark for review. ${undo}`, button: "Flag" };
  }
  return { title: `Remove ${videos(n)}?`, text: `${n === 1 ? "It leaves" : "They leave"} the funnel. ${undo}`, button: "Remove" };
}
