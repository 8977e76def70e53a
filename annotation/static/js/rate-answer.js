// What is ticked for one clip: some of the study's choices, or "none of these", never both.

export const EMPTY = Object.freeze({ labels: Object.freeze([]), none: false });

export function toggleLabel(selection, key) {
  const labels = selection.labels.includes(key)
    ? selection.labels.filter((label) => label !== key)
    : [...selection.labels, key];
  return { labels, none: false };
}

export function toggleNone(selection) {
  return { labels: [], none: !selection.none };
}

export function isComplete(selection) {
  return selection.none || selection.labels.length > 0;
}

export function asAnswer(selection) {
  return selection.none ? { outcome: "none", labels: [] } : { outcome: "labels", labels: selection.labels };
}

export const SKIPPED = Object.freeze({ outcome: "skipped", labels: Object.freeze([]) });

// The ticks that led to an answer; a skipped clip had none.
export function fromAnswer(answer) {
  return { labels: [...answer.labels], none: answer.outcome === "none" };
}
