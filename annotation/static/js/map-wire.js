// The points as the server sends them, little-endian: uint32 length of the head, the head as JSON, then the columns: uint32
// rows, each less the one before it; uint16 x; uint16 y; uint16 group.

const TOP = 65_535;

// {head, count, rows, x, y, group}: rows name the videos, x and y are -1 to 1.
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { count } = head;
  const start = 4 + length;
  if (buffer.byteLength !== start + 10 * count) throw new Error("The map came in part only. Load the page again.");
  const rows = new Uint32Array(buffer.slice(start, start + 4 * count));
  for (let at = 1; at < count; at++) rows[at] += rows[at - 1];
  const column = (number) => new Uint16Array(buffer, start + 4 * count + 2 * number * count, count);
  return { head, count, rows, x: spread(column(0)), y: spread(column(1)), group: column(2) };
}

function spread(column) {
  return Float32Array.from(column, (value) => (2 * value) / TOP - 1);
}
