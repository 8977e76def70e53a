// Where one looks: {x, y, zoom}, the middle of the window in the map's own units, -1 to 1, and how many times it is enlarged.
// A window is {width, height} in pixels; y goes up on the map and down in the window.

export const WHOLE = { x: 0, y: 0, zoom: 1 };
const ROOM = 0.94; // of the window that the whole map fills
const CLOSEST = 200;

// Pixels a unit.
export function reach(camera, { width, height }) {
  return (Math.min(width, height) / 2) * ROOM * camera.zoom;
}

export function toWindow(camera, window, x, y) {
  const size = reach(camera, window);
  return { x: window.width / 2 + (x - camera.x) * size, y: window.height / 2 - (y - camera.y) * size };
}

export function toMap(camera, window, x, y) {
  const size = reach(camera, window);
  return { x: camera.x + (x - window.width / 2) / size, y: camera.y - (y - window.height / 2) / size };
}

// Moved along with a hand that went `dx` and `dy` pixels; the middle stays on the map.
export function panned(camera, window, dx, dy) {
  const size = reach(camera, window);
  return { ...camera, x: within(camera.x - dx / size), y: within(camera.y + dy / size) };
}

// Enlarged so many times, with what is under the pixel (`x`, `y`) staying there.
export function zoomed(camera, window, times, x = window.width / 2, y = window.height / 2) {
  const zoom = Math.min(CLOSEST, Math.max(0.5, camera.zoom * times));
  const still = toMap(camera, window, x, y);
  const size = reach({ zoom }, window);
  return { zoom, x: within(still.x - (x - window.width / 2) / size), y: within(still.y + (y - window.height / 2) / size) };
}

// What to do to a picture drawn with `drawn` so that it looks as if drawn with `camera`: pixels and times, about its middle.
export function shift(drawn, camera, window) {
  const size = reach(camera, window);
  return { x: (drawn.x - camera.x) * size, y: (camera.y - drawn.y) * size, times: camera.zoom / drawn.zoom };
}

function within(value) {
  return Math.min(1, Math.max(-1, value));
}
