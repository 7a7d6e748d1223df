// Decisions, sent one after another: a second one must not overtake the first when that is sent again.
import { rowsOf } from "./label_parts.js";

/**
 * @param {object} link see `talk`
 * @param {object} told `changed(rows, message)` when Python says what changed, `failed(error)`, `waiting(n)`
 */
export function makeActs(link, told) {
  let chain = Promise.resolve();
  let waiting = 0;

  function ask(type, fields, buffers = []) {
    told.waiting(++waiting);
    chain = chain
      .then(() => link.ask(type, fields, buffers))
      .then(({ message, buffers: found }) => told.changed(message, found), told.failed)
      .finally(() => told.waiting(--waiting));
    return chain;
  }

  return {
    /** @param {number[]} rows @param {string | null} flag null takes theirs away */
    decide: (rows, flag) => ask("decide", { flag }, [rowsOf(rows)]),
    undo: () => ask("undo", {}),
    arrange: (name) => ask("order", { name }),
  };
}
