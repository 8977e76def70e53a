// Which points the list shows on which page, in which order.

export const PER_PAGE = 12;

export const SORTS = {
  near: (points, near) => (a, b) => (near.get(b) ?? -2) - (near.get(a) ?? -2) || a - b,
  group: (points) => (a, b) => points.group[a] - points.group[b] || a - b,
  video: () => (a, b) => a - b, // points come in the order of their SHA-256s
};

// The numbers of one page, first page 0, and how many pages there are.
export function pageOf(sorted, page) {
  const pages = Math.max(1, Math.ceil(sorted.length / PER_PAGE));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { numbers: sorted.slice(at * PER_PAGE, (at + 1) * PER_PAGE), page: at, pages };
}
