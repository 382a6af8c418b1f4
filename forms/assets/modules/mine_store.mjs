/** What this phone keeps while somebody looks at their own record: IndexedDB, since only it can hold a key that no script can read. */
const NAME = 'needle-mine', SHELF = 'state', ONE = 'now';
let spare = {};

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function shelf(mode) {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(SHELF);
  return (await done(opening)).transaction(SHELF, mode).objectStore(SHELF);
}

/** @returns {Promise<object>} what was kept; nothing where there is nothing, or where it is forbidden */
export async function load() {
  try { return await done((await shelf('readonly')).get(ONE)) ?? {}; } catch { return spare; }
}
export async function keep(state) {
  spare = state;
  try { await done((await shelf('readwrite')).put(state, ONE)); } catch { /* for this page only */ }
}
export async function drop() {
  spare = {};
  try { await done((await shelf('readwrite')).delete(ONE)); } catch { /* nothing was kept */ }
}
