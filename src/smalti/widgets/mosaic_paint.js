// One frame of the mosaic on a 2-D canvas.
import { eachVisible } from "./mosaic_layout.js";
import { levelFor } from "./mosaic_sheets.js";
import { takeScheme } from "./scheme.js";

const GLYPHS = { ok: "✓", skipped: "–", partial: "◐" };
const FADED = 0.25;

/** A sign for a status, so that it is told apart without colour. */
export function glyphOf(status) {
  return GLYPHS[status] ?? "✕";
}

/**
 * Colours for the canvas, read from the page, so that light and dark are both right.
 * @param {HTMLElement} root
 */
export function readColours(root) {
  takeScheme(root);
  const style = getComputedStyle(root);
  const named = (name) => style.getPropertyValue(name).trim();
  return {
    ink: style.color,
    faint: named("--faint"),
    accent: named("--accent"),
    warn: named("--warn"),
    ground: named("--ground"),
    page: named("--page"),
    font: style.fontFamily,
  };
}

/**
 * Draw what is in view.
 * @param {CanvasRenderingContext2D} pen scaled to device pixels
 * @param {object} view layout, top, height, and what is known of the rows
 */
export function paint(pen, view) {
  const { layout, top, height, colours } = view;
  pen.clearRect(0, 0, layout.width, height);
  pen.imageSmoothingQuality = "high";
  const level = levelFor(layout.tile * view.ratio);
  eachVisible(layout, top, top + height, (first, end, section) => {
    for (let place = first; place < end; place++) {
      const k = place - section.start;
      const x = snap(layout.left + (k % layout.columns) * layout.cell, view.ratio);
      const y = snap(section.body + Math.floor(k / layout.columns) * layout.cell - top, view.ratio);
      tile(pen, view, layout.rows[place], x, y, level);
    }
  });
  for (const section of layout.sections) {
    if (section.name && section.top < top + height && section.bottom > top) {
      header(pen, view, section, Math.max(section.top, Math.min(top, section.bottom - 30)) - top);
    }
  }
  if (view.band) outline(pen, view.band, top, colours);
}

function snap(length, ratio) {
  return Math.round(length * ratio) / ratio; // a picture between two device pixels would be blurred
}

function tile(pen, view, row, x, y, level) {
  const { layout, colours, picked, nPicked } = view;
  const size = layout.tile;
  const isPicked = picked[row] === 1;
  pen.globalAlpha = nPicked && !isPicked ? FADED : 1;
  const hasPicture = view.sizes[2 * row] > 0;
  const sheet = hasPicture ? view.sheets.find(row, level) : null;
  if (sheet) picture(pen, view, sheet, row, x, y);
  else if (hasPicture) fill(pen, colours.ground, x, y, size);
  else absent(pen, view, row, x, y);
  if (view.framed) frame(pen, view.groups[view.group[row]].colour, x, y, size);
  if (hasPicture && view.status[row] && size >= 40) badge(pen, view, row, x, y);
  pen.globalAlpha = 1;
  if (isPicked) ring(pen, colours, x, y, size);
  if (row === view.cursor && (view.focused || row === view.opened)) cursor(pen, colours, x, y, size);
}

function picture(pen, view, sheet, row, x, y) {
  const { tile: size } = view.layout;
  const across = view.sizes[2 * row];
  const down = view.sizes[2 * row + 1];
  const longer = Math.max(across, down);
  if (size >= 28 && across !== down) fill(pen, view.colours.ground, x, y, size);
  const { level, columns, at, picture } = sheet;
  // As the sheet was laid: whole pixels, in the middle of the tile.
  const w = Math.max(1, Math.round((across * level) / longer));
  const h = Math.max(1, Math.round((down * level) / longer));
  const left = (at % columns) * level + ((level - w) >> 1);
  const above = Math.floor(at / columns) * level + ((level - h) >> 1);
  const dw = (size * w) / level;
  const dh = (size * h) / level;
  const dx = snap(x + (size - dw) / 2, view.ratio);
  const dy = snap(y + (size - dh) / 2, view.ratio);
  pen.drawImage(picture, left, above, w, h, dx, dy, dw, dh);
}

function fill(pen, colour, x, y, size) {
  pen.fillStyle = colour;
  pen.fillRect(x, y, size, size);
}

/** A tile without a picture: never a hole, but a dashed frame with the sign and name of its status. */
function absent(pen, view, row, x, y) {
  const { colours, layout } = view;
  const size = layout.tile;
  const status = view.statuses[view.status[row]];
  const failed = status !== "ok" && status !== "skipped";
  fill(pen, colours.ground, x, y, size);
  pen.strokeStyle = pen.fillStyle = failed ? colours.warn : colours.faint;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  if (size >= 28) {
    pen.lineWidth = 1;
    pen.setLineDash([3, 3]);
    pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    pen.setLineDash([]);
  }
  const says = size >= 60;
  pen.font = `${Math.max(9, size / 3.4)}px ${colours.font}`;
  pen.fillText(status === "ok" ? "∅" : glyphOf(status), x + size / 2, y + size * (says ? 0.42 : 0.53));
  if (!says) return;
  pen.font = `500 ${Math.min(12, size / 6)}px ${colours.font}`;
  pen.fillText(status === "ok" ? "no picture" : status, x + size / 2, y + size * 0.74, size - 6);
}

function frame(pen, colour, x, y, size) {
  const width = Math.max(1, Math.min(3, size / 32));
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
}

/** The sign of a status other than ok, on a picture that is there all the same. */
function badge(pen, view, row, x, y) {
  const at = view.layout.tile - 12;
  disc(pen, x + 12, y + at, 8, view.colours.warn);
  pen.fillStyle = "#fff";
  pen.font = `600 11px ${view.colours.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(glyphOf(view.statuses[view.status[row]]), x + 12, y + at + 0.5);
}

function disc(pen, x, y, radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
}

function ring(pen, colours, x, y, size) {
  const width = size >= 96 ? 3 : size >= 28 ? 2.5 : 1.5;
  const out = size >= 28 ? width / 2 : 0;
  pen.lineWidth = width;
  pen.strokeStyle = colours.accent;
  pen.strokeRect(x - out, y - out, size + 2 * out, size + 2 * out);
  if (size < 56) return;
  disc(pen, x + size - 11, y + 11, 9, colours.page);
  disc(pen, x + size - 11, y + 11, 7.5, colours.accent);
  pen.strokeStyle = colours.page;
  pen.lineWidth = 1.75;
  pen.beginPath();
  pen.moveTo(x + size - 14.5, y + 11);
  pen.lineTo(x + size - 12, y + 13.5);
  pen.lineTo(x + size - 7.5, y + 8.5);
  pen.stroke();
}

function cursor(pen, colours, x, y, size) {
  pen.lineWidth = 2;
  pen.strokeStyle = colours.page;
  pen.strokeRect(x + 1, y + 1, size - 2, size - 2);
  pen.strokeStyle = colours.ink;
  pen.strokeRect(x - 1, y - 1, size + 2, size + 2);
}

/** The name of a section, how many it has, how many of them are selected; it stays while the section is in view. */
function header(pen, view, section, y) {
  const { colours, layout } = view;
  pen.fillStyle = colours.page;
  pen.fillRect(0, y, layout.width, 30);
  disc(pen, layout.left + 5, y + 15.5, 5, section.colour);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.font = `500 13.5px ${colours.font}`;
  pen.fillStyle = colours.ink;
  const name = shortened(pen, section.name, layout.width - 200);
  pen.fillText(name, layout.left + 18, y + 16);
  const x = layout.left + 18 + pen.measureText(name).width + 10;
  pen.font = `12.5px ${colours.font}`;
  pen.fillStyle = colours.faint;
  const n = view.pickedOf(section);
  pen.fillText(section.count.toLocaleString("en") + (n ? ` · ${n.toLocaleString("en")} selected` : ""), x, y + 16);
}

function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}

function outline(pen, points, top, colours) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y - top) : pen.moveTo(x, y - top)));
  pen.closePath();
  pen.globalAlpha = 0.12;
  pen.fillStyle = colours.accent;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 1.5;
  pen.stroke();
}
