// What the page says before a decision is made: to how many videos what will happen.

const COUNTS = {
  keep: (n) => [`Keep ${videos(n)}?`, `${they(n)} in the funnel, whatever the stages found.`, "Keep"],
  remove: (n) => [`Remove ${videos(n)}?`, `${leave(n)} the funnel.`, "Remove"],
  split: (n) => [
    `Split ${videos(n)} off?`,
    n === 1
      ? "It leaves its group, stays in the funnel, and is not grouped with the best copy again."
      : "Each leaves its group, stays in the funnel, and is not grouped with its best copy again.",
    "Split",
  ],
  merge: (n) => [
    `Merge ${videos(n)} as copies?`,
    `The best one is kept, the other ${n === 2 ? "one leaves" : `${n - 1} leave`} the funnel.`,
    "Merge",
  ],
};

// {title, text, button} for the dialog that asks for the reason.
export function question(action, n) {
  const [title, text, button] = COUNTS[action](n);
  return { title, text: `${text} This can be undone with Z, or in the log.`, button };
}

// Only to keep one video needs no reason.
export function needsReason(action, n) {
  return action !== "keep" || n > 1;
}

export function videos(n) {
  return n === 1 ? "1 video" : `${n} videos`;
}

function they(n) {
  return n === 1 ? "It stays" : "They stay";
}

function leave(n) {
  return n === 1 ? "It leaves" : "They leave";
}
