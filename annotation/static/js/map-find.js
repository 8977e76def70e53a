// Which points: under the pointer, within a lasso, in the window, the next one that way. Points are {count, x, y}; all answers
// are their numbers. Every point is looked at: for 100,000 of them that takes a millisecond or less.

// The point nearest to a place, no farther than `most`; -1 without one.
export function nearest(points, x, y, most) {
  let [best, least] = [-1, most * most];
  for (let at = 0; at < points.count; at++) {
    const far = (points.x[at] - x) ** 2 + (points.y[at] - y) ** 2;
    if (far <= least) [best, least] = [at, far];
  }
  return best;
}

// The points within a line of places [{x, y}, …] that closes itself; where it crosses itself, every second part is outside.
export function inside(points, line) {
  const [left, right] = [Math.min(...line.map(({ x }) => x)), Math.max(...line.map(({ x }) => x))];
  const [low, high] = [Math.min(...line.map(({ y }) => y)), Math.max(...line.map(({ y }) => y))];
  const found = [];
  for (let at = 0; at < points.count; at++) {
    const [x, y] = [points.x[at], points.y[at]];
    if (x >= left && x <= right && y >= low && y <= high && surrounds(line, x, y)) found.push(at);
  }
  return found;
}

// A ray from the place to the right crosses the line an odd number of times.
function surrounds(line, x, y) {
  let within = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [a, b] = [line[at], line[before]];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) within = !within;
  }
  return within;
}

// The points between two corners, {x, y} each.
export function between(points, a, b) {
  const found = [];
  for (let at = 0; at < points.count; at++) {
    const across = (points.x[at] - a.x) * (points.x[at] - b.x) <= 0;
    if (across && (points.y[at] - a.y) * (points.y[at] - b.y) <= 0) found.push(at);
  }
  return found;
}

const WAYS = { left: [-1, 0], right: [1, 0], up: [0, 1], down: [0, -1] };

// The nearest point that lies that way from the point `from`, within 45 degrees; `from` where there is none.
export function towards(points, from, way) {
  const [dx, dy] = WAYS[way];
  let [best, least] = [from, Infinity];
  for (let at = 0; at < points.count; at++) {
    const [x, y] = [points.x[at] - points.x[from], points.y[at] - points.y[from]];
    const [along, aside] = [x * dx + y * dy, Math.abs(x * dy) + Math.abs(y * dx)];
    const far = along + 2 * aside; // straight on before aside
    if (along > 0 && aside <= along && far < least) [best, least] = [at, far];
  }
  return best;
}

// The middle of each of the first `most` groups: the medians of x and y, so that stragglers do not pull it away.
export function middles(points, most) {
  const members = Array.from({ length: most }, () => []);
  for (let at = 0; at < points.count; at++) members[points.group[at]]?.push(at);
  return members.map((own) => own.length && { x: median(own, points.x), y: median(own, points.y) });
}

function median(own, values) {
  return Float32Array.from(own, (at) => values[at]).sort()[own.length >> 1];
}
