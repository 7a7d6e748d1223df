// Where each tile lies: sections one below the other, each a grid of square cells. Lengths are CSS pixels.

const MARGIN = 12;
const HEADER = 36;
const AFTER = 14;

/**
 * @typedef {{name: string, colour: string, start: number, count: number, top: number, body: number,
 *   bottom: number}} Section  `start` is a place in `rows`; `top`, `body`, `bottom` are heights.
 * @typedef {{rows: Int32Array, sections: Section[], tile: number, cell: number, columns: number,
 *   left: number, width: number, height: number}} Layout
 */

/**
 * Lay rows out.
 * @param {Int32Array} rows rows in the order they are shown, section after section
 * @param {{name: string, colour: string, count: number}[]} groups the sections; one without a name has no header
 * @param {number} width
 * @param {number} tile
 * @returns {Layout}
 */
export function layOut(rows, groups, width, tile) {
  const gap = tile >= 96 ? 8 : tile >= 48 ? 6 : tile >= 28 ? 3 : 1;
  const columns = Math.max(1, Math.floor((width - 2 * MARGIN + gap) / (tile + gap)));
  const spare = width - 2 * MARGIN - columns * (tile + gap) + gap;
  // What is left over goes between the tiles, as long as the grid then still looks like one.
  const cell = rows.length > columns && columns > 1 ? tile + gap + Math.min(spare / (columns - 1), gap) : tile + gap;
  const sections = [];
  let top = 0;
  let start = 0;
  for (const { name, colour, count } of groups) {
    const body = top + (name ? HEADER : MARGIN);
    const bottom = body + Math.ceil(count / columns) * cell;
    sections.push({ name, colour, start, count, top, body, bottom });
    start += count;
    top = bottom + (name ? AFTER : 0);
  }
  return { rows, sections, tile, cell, columns, left: MARGIN, width, height: top + MARGIN };
}

/** Left top corner of the tile at a place in `rows`. */
export function corner(layout, place) {
  const section = sectionOf(layout, place);
  const k = place - section.start;
  const x = layout.left + (k % layout.columns) * layout.cell;
  return { x, y: section.body + Math.floor(k / layout.columns) * layout.cell };
}

/** The section that holds a place. */
export function sectionOf({ sections }, place) {
  let low = 0;
  let high = sections.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sections[middle].start <= place) low = middle;
    else high = middle - 1;
  }
  return sections[low];
}

/** Calls `each(first, end, section)` with the places of whole lines that lie between two heights. */
export function eachVisible(layout, from, to, each) {
  for (const section of layout.sections) {
    if (section.bottom <= from || section.top >= to || !section.count) continue;
    const first = Math.max(0, Math.floor((from - section.body) / layout.cell)) * layout.columns;
    const end = Math.ceil((to - section.body) / layout.cell) * layout.columns;
    if (end > first && first < section.count) {
      each(section.start + first, section.start + Math.min(end, section.count), section);
    }
  }
}

/** The place at a point; -1 between tiles. */
export function placeAt(layout, x, y) {
  const section = layout.sections.find((one) => y >= one.body && y < one.bottom);
  if (!section) return -1;
  const column = Math.floor((x - layout.left) / layout.cell);
  const within = x - layout.left - column * layout.cell;
  const line = Math.floor((y - section.body) / layout.cell);
  const below = y - section.body - line * layout.cell;
  const k = line * layout.columns + column;
  const hit = column >= 0 && column < layout.columns && within <= layout.tile && below <= layout.tile;
  return hit && k < section.count ? section.start + k : -1;
}

/** The section whose header lies at a height; undefined elsewhere. */
export function headerAt(layout, y) {
  return layout.sections.find((one) => one.name && y >= one.top && y < one.body);
}

/** Rows whose tile touches a box. */
export function rowsInBox(layout, [x0, y0, x1, y1]) {
  return rowsWhere(layout, x0, y0, x1, y1, () => true);
}

/** Rows whose middle lies inside a polygon of [x, y], by the even-odd rule. */
export function rowsInLasso(layout, polygon) {
  const xs = polygon.map((point) => point[0]);
  const ys = polygon.map((point) => point[1]);
  const half = layout.tile / 2;
  const inside = (x, y) => isInside(polygon, x + half, y + half);
  return rowsWhere(layout, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), inside);
}

function rowsWhere(layout, x0, y0, x1, y1, test) {
  const found = [];
  eachVisible(layout, y0, y1, (first, end, section) => {
    for (let place = first; place < end; place++) {
      const k = place - section.start;
      const x = layout.left + (k % layout.columns) * layout.cell;
      const y = section.body + Math.floor(k / layout.columns) * layout.cell;
      const touches = x <= x1 && x + layout.tile >= x0 && y <= y1 && y + layout.tile >= y0;
      if (touches && test(x, y)) found.push(layout.rows[place]);
    }
  });
  return Int32Array.from(found);
}

function isInside(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** The place one step away by an arrow key, over the edges of sections as well. */
export function step(layout, place, key) {
  const last = layout.rows.length - 1;
  if (key === "ArrowLeft") return Math.max(0, place - 1);
  if (key === "ArrowRight") return Math.min(last, place + 1);
  const { x, y } = corner(layout, place);
  const column = Math.round((x - layout.left) / layout.cell);
  const down = key === "ArrowDown";
  const section = sectionOf(layout, place);
  const line = Math.floor((place - section.start) / layout.columns) + (down ? 1 : -1);
  const lines = Math.ceil(section.count / layout.columns);
  if (line >= 0 && line < lines) return nearest(section, line, column, layout.columns);
  const filled = layout.sections.filter((one) => one.count);
  const next = filled[filled.indexOf(section) + (down ? 1 : -1)];
  if (!next) return place;
  return nearest(next, down ? 0 : Math.ceil(next.count / layout.columns) - 1, column, layout.columns);
}

function nearest(section, line, column, columns) {
  return section.start + Math.min(section.count - 1, line * columns + column);
}
