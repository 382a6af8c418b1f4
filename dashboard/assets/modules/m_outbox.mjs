/**
 * The outbox as values: what is due, and what becomes of an item when the server answered or nobody did. Pure.
 *
 * An item keeps its id for ever, so that the server knows it again: waiting → sent | refused → (changed by the person) waiting.
 */

const FIRST_PAUSE_MS = 4_000, LONGEST_PAUSE_MS = 600_000, SHOWN_MS = 2 * 86_400_000;
export const ADDRESSES = { report: '/api/m/reports', order: '/api/m/orders', duty: '/api/m/duty' };

/**
 * @typedef {{id: string, kind: 'report' | 'order' | 'duty', account: string, about: string, title: string, at: number, body: object,
 *   photos: Record<string, Photo[]>, state: 'waiting' | 'sent' | 'refused', tries: number, next_at: number,
 *   needs?: 'login', problem?: {code: string, zh: string, en: string}, answer?: object, sent_at?: number}} Item
 * @typedef {{bytes: ArrayBuffer, digest?: string}} Photo
 */

/** @param {Partial<Item>} said @returns {Item} */
export const made = (said) => ({ photos: {}, ...said, state: 'waiting', tries: 0, next_at: 0 });

/**
 * What may be sent now, oldest first. What is about one case goes in its order: nothing overtakes what still waits or was refused.
 * @param {Item[]} items @param {string} account @param {number} now
 */
export function due(items, account, now) {
  const held = new Set(), found = [];
  for (const item of inOrder(items)) {
    if (item.account !== account || item.state === 'sent') continue;
    const free = item.state === 'waiting' && item.next_at <= now && !held.has(item.about);
    if (free) found.push(item);
    held.add(item.about);
  }
  return found;
}

/** Items that another one, refused before them, holds back. @param {Item[]} items */
export function blocked(items) {
  const refused = new Set(), found = new Set();
  for (const item of inOrder(items)) {
    if (item.state === 'waiting' && refused.has(item.about)) found.add(item.id);
    if (item.state === 'refused') refused.add(item.about);
  }
  return found;
}

/** When something is due next, by now; null when nothing waits. @param {Item[]} items */
export function nextAt(items, account) {
  const waiting = items.filter((item) => item.account === account && item.state === 'waiting');
  return waiting.length ? Math.min(...waiting.map((item) => item.next_at)) : null;
}

/**
 * What an item is after it was sent.
 * @param {Item} item @param {{status: number, body?: object} | null} outcome null: nobody answered @param {number} now
 * @returns {Item}
 */
export function after(item, outcome, now) {
  const { needs: _, problem: __, ...bare } = item;
  if (outcome !== null && outcome.status >= 200 && outcome.status < 300) return { ...bare, state: 'sent', photos: {}, answer: outcome.body, sent_at: now };
  if (outcome !== null && isForLogin(outcome)) return { ...bare, needs: 'login', tries: item.tries + 1, next_at: now + pause(item.tries) };
  if (outcome === null || isForLater(outcome.status)) return { ...bare, tries: item.tries + 1, next_at: now + pause(item.tries) };
  return { ...bare, state: 'refused', tries: item.tries + 1, problem: outcome.body ?? { code: `http.${outcome.status}`, zh: `HTTP ${outcome.status}`, en: `HTTP ${outcome.status}` } };
}

/** An item that the person changed, or wants tried again: under the same id, as it was never carried out. */
export const again = (item, changes = {}) => {
  const { problem: _, needs: __, ...bare } = item;
  return { ...bare, ...changes, state: 'waiting', tries: 0, next_at: 0 };
};

/** Everything tried at once: a network is back. */
export const hurried = (item) => (item.state === 'waiting' ? { ...item, next_at: 0 } : item);

/** Items that need not be kept any longer. @param {Item[]} items @returns {string[]} ids */
export const spent = (items, now) => items.filter((item) => item.state === 'sent' && now - item.sent_at > SHOWN_MS).map((item) => item.id);

/** The message of an item: its words with the digests of its photos, and the moment of sending. */
export const message = (item, now) => ({ ...item.body, ...Object.fromEntries(Object.entries(item.photos).map(([name, list]) => [name, list.map((photo) => photo.digest)])), id: item.id, at: item.at, sent: now });

const inOrder = (items) => [...items].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
const pause = (tries) => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
const isForLogin = ({ status, body }) => status === 401 || body?.code === 'account.csrf';
const isForLater = (status) => status === 408 || status === 425 || status === 429 || status >= 500;
