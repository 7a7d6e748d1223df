// Pictures of tiles: asked for on sheets as they come into view, kept until their bytes are needed.
import { numbers } from "./channel.js";

const LEVELS = [16, 32, 64, 128];
const MOST = { 16: 2048, 32: 1024, 64: 1024, 128: 256 };
const BUDGET = 256e6;
const AT_ONCE = 2;

/** The size of stored pictures that suits tiles of so many device pixels; a quarter larger looks the same. */
export function levelFor(pixels) {
  return LEVELS.find((level) => level * 1.25 >= pixels) ?? 128;
}

/**
 * Pictures by row, in up to four sizes.
 * @param {number} n rows of the table
 * @param {(rows: Int32Array, level: number, look: object) => Promise<{message: any, buffers: Uint8Array[]}>} fetch
 * @param {() => void} arrived called when a sheet has come
 */
export function keepSheets(n, fetch, arrived) {
  const levels = new Map();
  const sheets = new Map();
  let look = {};
  let epoch = 0;
  let number = 0;
  let bytes = 0;
  let asking = 0;
  let clock = 0;

  function indexOf(level) {
    if (!levels.has(level)) {
      levels.set(level, { sheet: new Int32Array(n), slot: new Uint16Array(n), asked: new Int32Array(n) });
    }
    return levels.get(level);
  }

  /** The best picture there is of a row: this size, else a larger one, else a smaller; null without any. */
  function find(row, level) {
    const near = [level, ...LEVELS.filter((one) => one > level), ...LEVELS.filter((one) => one < level).reverse()];
    for (const one of near) {
      const number = levels.get(one)?.sheet[row];
      if (number) {
        const sheet = sheets.get(number);
        sheet.used = clock;
        sheet.at = levels.get(one).slot[row];
        return sheet;
      }
    }
    return null;
  }

  /** Those of some rows whose picture of this size is not there, and not on its way. */
  function missing(rows, level) {
    const index = indexOf(level);
    return rows.filter((row) => {
      const sheet = index.sheet[row];
      return index.asked[row] <= epoch && !(sheet && sheets.get(sheet).epoch === epoch);
    });
  }

  /** Ask for pictures of these rows, the first ones first; whether there was room for a question. */
  function want(rows, level) {
    if (asking >= AT_ONCE || !rows.length) return false;
    const wanted = Int32Array.from(rows.slice(0, MOST[level]));
    const index = indexOf(level);
    const asked = epoch;
    wanted.forEach((row) => (index.asked[row] = asked + 1));
    asking++;
    fetch(wanted, level, look)
      .then(({ message, buffers }) => keep(wanted, level, asked, message.columns, buffers[0]))
      .catch(() => {}) // asked again as long as it is in view
      .finally(() => {
        wanted.forEach((row) => (index.asked[row] = 0));
        asking--;
        arrived();
      });
    return true;
  }

  async function keep(rows, level, asked, columns, jpeg) {
    const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
    const index = indexOf(level);
    number += 1;
    sheets.set(number, { picture, columns, level, rows, epoch: asked, used: clock, at: 0 });
    bytes += picture.width * picture.height * 4;
    rows.forEach((row, slot) => {
      index.sheet[row] = number;
      index.slot[row] = slot;
    });
    while (bytes > BUDGET && sheets.size > 1) drop();
  }

  /** Let go of the sheet that was out of sight longest. */
  function drop() {
    const [oldest, sheet] = [...sheets].reduce((a, b) => (b[1].used < a[1].used ? b : a));
    const index = indexOf(sheet.level);
    sheet.rows.forEach((row) => {
      if (index.sheet[row] === oldest) index.sheet[row] = 0;
    });
    bytes -= sheet.picture.width * sheet.picture.height * 4;
    sheet.picture.close();
    sheets.delete(oldest);
  }

  return {
    find,
    missing,
    want,
    tick: () => clock++,
    isBusy: () => asking > 0,
    /** Show other pictures of the same rows; the old ones stay until the new ones come. */
    setLook(next) {
      look = next;
      epoch += 1;
    },
    destroy: () => sheets.forEach((sheet) => sheet.picture.close()),
  };
}

/** What rows travel as. */
export function rowsBuffer(rows) {
  return Int32Array.from(rows).buffer;
}
