/** What the phone keeps: the last picture of everything, drafts, and what waits to be sent. IndexedDB, shared with the service worker. */

const NAME = 'needle-m', VERSION = 1;
let opened;

function open() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => { asked.result.createObjectStore('keep'); asked.result.createObjectStore('outbox', { keyPath: 'id' }); };
    asked.onsuccess = () => { asked.result.onversionchange = () => asked.result.close(); done(asked.result); };
    asked.onerror = () => { opened = undefined; fail(asked.error); };
  });
  return opened;
}

/** One transaction; what `act` asks last is the answer, once all of it is on disk. */
async function within(store, mode, act) {
  const database = await open();
  return new Promise((done, fail) => {
    const transaction = database.transaction(store, mode, { durability: 'strict' });
    const asked = act(transaction.objectStore(store));
    transaction.oncomplete = () => done(asked?.result);
    transaction.onabort = transaction.onerror = () => fail(transaction.error);
  });
}

/** @param {string} key */
export const read = (key) => within('keep', 'readonly', (store) => store.get(key));
export const keep = (key, value) => within('keep', 'readwrite', (store) => store.put(value, key));
export const forget = (key) => within('keep', 'readwrite', (store) => store.delete(key));

/** All that waits or was sent lately. @returns {Promise<import('./m_outbox.mjs').Item[]>} */
export const items = () => within('outbox', 'readonly', (store) => store.getAll());
export const save = (item) => within('outbox', 'readwrite', (store) => store.put(item));
export const drop = (id) => within('outbox', 'readwrite', (store) => store.delete(id));
/** Write an item only where it still is: one that was dropped meanwhile stays away. */
export const renew = (item) => within('outbox', 'readwrite', (store) => {
  const there = store.getKey(item.id);
  there.onsuccess = () => { if (there.result !== undefined) store.put(item); };
});
