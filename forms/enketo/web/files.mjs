/** The files of the answer that is being written, by the names that stand in it; so much as one letter may hold. */

const MOST_BYTES = 3_900_000;
/** @type {Map<string, {name: string, type: string, bytes: Uint8Array}>} */
const files = new Map();

export const get = (name) => files.get(name);
export const all = () => [...files.values()];
export const forget = (name) => files.delete(name);
/** Bytes that still fit. */
export const room = () => MOST_BYTES - all().reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Take the files of a kept answer up again. */
export function restore(kept) {
  files.clear();
  for (const file of kept) files.set(file.name, file);
}

/** Keep a file under a name of its own. @returns {string} the name */
export function put(kind, ending, type, bytes) {
  const stem = `${kind}-${Date.now()}`;
  let name = `${stem}.${ending}`;
  for (let n = 2; files.has(name); n += 1) name = `${stem}-${n}.${ending}`;
  files.set(name, { name, type, bytes });
  return name;
}

/** Those that the answer still names. @param {string} instance */
export const named = (instance) => all().filter(({ name }) => instance.includes(`>${name}<`));
