// Where the focus goes from a card. `places` are the middles {x, y} of the cards in the order of the page.

const ROW = 8; // pixels; cards whose middles differ by less stand in one row

// The index of the card to go to, or `at` where there is none in that direction.
export function moved(places, at, direction) {
  if (at < 0) return places.length ? 0 : -1;
  if (direction === "next") return Math.min(at + 1, places.length - 1);
  if (direction === "previous") return Math.max(at - 1, 0);
  return nearest(places, at, direction === "below" ? 1 : -1);
}

// The indices from one card to another, both included.
export function between(from, to) {
  const [first, last] = from < to ? [from, to] : [to, from];
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}

// In the next row up (-1) or down (1), the card whose middle is nearest.
function nearest(places, at, sign) {
  const here = places[at];
  const beyond = (place) => sign * (place.y - here.y) > ROW;
  const row = Math.min(...places.filter(beyond).map((place) => sign * place.y));
  if (!Number.isFinite(row)) return at;
  let best = at;
  for (const [index, place] of places.entries()) {
    if (!beyond(place) || sign * place.y - row > ROW) continue;
    if (best === at || Math.abs(place.x - here.x) < Math.abs(places[best].x - here.x)) best = index;
  }
  return best;
}
