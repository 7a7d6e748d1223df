// Pictures of items: asked for a few at a time, what is on the screen first, and kept.

const AT_ONCE = 6;
const MOST_KEPT = 600;

/**
 * @param {(row: number) => Promise<{message: any, buffers: Uint8Array[]}>} fetch
 * @param {(row: number) => void} arrived
 */
export function keepPictures(fetch, arrived) {
  const kept = new Map(); // row: {name, group, score, key, error, url, img}
  const asked = new Set();
  let queue = [];
  let live = true;

  async function load(row) {
    asked.add(row);
    let found;
    try {
      const { message, buffers } = await fetch(row);
      found = { ...message, ...(buffers.length ? await decoded(buffers[0], message.mime) : { url: "", img: null }) };
    } catch (error) {
      found = { name: "", group: "", key: "", score: null, url: "", img: null, error: error.message };
    }
    asked.delete(row);
    if (!live) return URL.revokeObjectURL(found.url);
    kept.set(row, found);
    arrived(row);
    next();
  }

  function next() {
    while (queue.length && asked.size < AT_ONCE) {
      const row = queue.shift();
      if (!kept.has(row) && !asked.has(row)) load(row);
    }
  }

  /** Let go what is oldest, and what could not be loaded and may be now. */
  function trim(wanted) {
    for (const [row, { error, url }] of kept) {
      if (wanted.has(row) || !(error || kept.size > MOST_KEPT)) continue;
      URL.revokeObjectURL(url);
      kept.delete(row);
    }
  }

  return {
    /** What is known of an item; undefined before it came. */
    find: (row) => kept.get(row),
    /** Ask for rows, the first ones first; those that were asked for before and are not here any more wait. */
    want(rows) {
      trim(new Set(rows));
      queue = [...rows];
      next();
    },
    destroy() {
      live = false;
      kept.forEach(({ url }) => URL.revokeObjectURL(url));
    },
  };
}

/** A picture that is there at once when it is shown; one whose source changes would show the old one meanwhile. */
async function decoded(bytes, type) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const img = new Image();
  Object.assign(img, { src: url, alt: "", draggable: false });
  await img.decode().catch(() => Promise.reject(new Error("the browser cannot read it")));
  return { url, img };
}
