// Which key does what where a disagreement is settled.

// {take: index}, "own", "reveal", "play" or null.
export function actionFor(event, voices) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[1-9]$/.test(event.key)) return Number(event.key) <= voices ? { take: Number(event.key) - 1 } : null;
  if (event.key === " ") return ["BUTTON", "A", "SUMMARY", "INPUT"].includes(event.target?.tagName) ? null : "play";
  return { e: "own", r: "reveal" }[event.key.toLowerCase()] ?? null;
}
