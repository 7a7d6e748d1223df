// Messages between a widget and Python: each question has an id, a timeout and is asked again.

/**
 * What an adapter gives: `send` a message with binary buffers, `onMessage` is told of those that come.
 * @typedef {{send: (message: object, buffers: ArrayBuffer[]) => void,
 *   onMessage: (heard: (message: any, buffers: any[]) => void) => (() => void) | void}} Io
 */

/**
 * Talk over an adapter's channel. One message may be lost while the page is first drawn; Python may be busy.
 * @param {Io} io
 */
export function talk(io) {
  const prefix = Math.random().toString(36).slice(2, 9);
  const open = new Map();
  const listeners = [];
  let count = 0;

  const stop = io.onMessage((message, buffers) => {
    const parts = Array.from(buffers || [], asBytes);
    if (message.answers === undefined) listeners.forEach((heard) => heard(message, parts));
    else open.get(message.answers)?.(message, parts);
  });

  /**
   * Ask, and wait for the answer; the wait doubles with every try.
   * @param {string} type
   * @param {object} [fields]
   * @param {ArrayBuffer[]} [buffers]
   * @returns {Promise<{message: any, buffers: Uint8Array[]}>}
   */
  function ask(type, fields = {}, buffers = [], { seconds = 4, tries = 5 } = {}) {
    const id = `${prefix}-${++count}`;
    return new Promise((resolve, reject) => {
      let timer = 0;
      let left = tries;
      const finish = (act) => {
        clearTimeout(timer);
        open.delete(id);
        act();
      };
      const attempt = (wait) => {
        if (!left--) return finish(() => reject(new Error("Python does not answer")));
        try {
          io.send({ ...fields, type, id }, buffers);
        } catch (error) {
          if (!left) return finish(() => reject(error)); // a host may not be ready yet: BokehJS while it draws
        }
        timer = setTimeout(() => attempt(wait * 2), wait * 1000);
      };
      const heard = (message, parts) =>
        finish(() =>
          message.type === "trouble" ? reject(new Error(message.words)) : resolve({ message, buffers: parts }),
        );
      heard.cancel = () => finish(() => {});
      open.set(id, heard);
      attempt(seconds);
    });
  }

  return {
    ask,
    /** @param {(message: any, buffers: Uint8Array[]) => void} heard */
    listen: (heard) => listeners.push(heard),
    destroy() {
      stop?.();
      [...open.values()].forEach((heard) => heard.cancel());
    },
  };
}

/** Bytes of a buffer in whatever form an adapter hands it over; copied where it would not be aligned. */
function asBytes(buffer) {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  const view = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return view.byteOffset % 8 ? view.slice() : view;
}

/** The same bytes as numbers of another type. */
export function numbers(Type, bytes) {
  return new Type(bytes.buffer, bytes.byteOffset, bytes.byteLength / Type.BYTES_PER_ELEMENT);
}
