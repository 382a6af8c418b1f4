/** Talking with the portal: its key, its public papers, and an outbox that sends later what cannot be sent now, exactly once. */
import { fromBase64, letterInfo, pack, seal, toBase64 } from './seal.mjs';

const OUTBOX = 'needle.outbox', REFUSED = 'needle.refused', KEY = 'needle.key', DEVICE = 'needle.device';
const RETRY_MS = 15_000, FOR_GOOD = new Set([400, 409, 413, 422]);

/** Local storage that may be full or forbidden: then things are kept for this page only. */
const spare = new Map();
export const store = {
  get(name) { try { return localStorage.getItem(name) ?? spare.get(name) ?? null; } catch { return spare.get(name) ?? null; } },
  set(name, text) { spare.set(name, text); try { localStorage.setItem(name, text); } catch { return false; } return true; },
  drop(name) { spare.delete(name); try { localStorage.removeItem(name); } catch { /* nothing was kept */ } },
};

/** @param {string} address @returns {Promise<any>} the JSON there; null where there is nothing */
export async function read(address) {
  const answer = await fetch(address);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}
export const paper = (name) => read(`/api/papers/${name}.json`);

/** Fetch the newest key while there is a connection; one that we know will do without: older keys still open. */
export async function learnKey() {
  try { store.set(KEY, JSON.stringify(await read('/api/key'))); } catch { /* later */ }
}

/** The key that letters are sealed to: the newest, or the one that was known last. */
export async function governmentKey() {
  await learnKey();
  const known = store.get(KEY);
  if (!known) throw new Error('no key');
  return JSON.parse(known);
}

function device() {
  if (!store.get(DEVICE)) store.set(DEVICE, toBase64(crypto.getRandomValues(new Uint8Array(9))));
  return store.get(DEVICE);
}

const waiting = () => JSON.parse(store.get(OUTBOX) ?? '[]');
const keep = (mails) => store.set(OUTBOX, JSON.stringify(mails));

/** Whether a mail is still on this phone. */
export const isWaiting = (id) => waiting().some((mail) => mail.id === id);

const refusals = () => JSON.parse(store.get(REFUSED) ?? '{}');
/** The reason for which the portal would not take a mail, or undefined. */
export const refusal = (id) => refusals()[id];

/**
 * Seal a letter and put it into the outbox; it leaves at once when it can.
 * @returns {Promise<'sent' | 'kept' | string>} a code of the catalogue when the portal refuses it
 */
export async function send(id, kind, content, photos = []) {
  const { key_id: key, public_key: point } = await governmentKey();
  const sealed = await seal(pack(content, photos), fromBase64(point), letterInfo(id, kind));
  keep([...waiting().filter((mail) => mail.id !== id), { id, kind, key, sealed: toBase64(sealed) }]);
  const refused = await sendWaiting();
  return refused[id] ?? (isWaiting(id) ? 'kept' : 'sent');
}

/** Send what waits. @returns {Promise<Record<string, string>>} what the portal will never take, with its reason */
export async function sendWaiting() {
  const refused = {};
  for (const mail of waiting()) {
    const answer = await post({ ...mail, sealed: fromBase64(mail.sealed) });
    if (!answer || (!answer.ok && !FOR_GOOD.has(answer.status))) break;
    if (!answer.ok) {
      refused[mail.id] = (await answer.json()).code ?? `${answer.status}`;
      store.set(REFUSED, JSON.stringify({ ...refusals(), ...refused }));
    }
    keep(waiting().filter((other) => other.id !== mail.id));
  }
  return refused;
}

/** Put a sealed mail into the mailbox. @returns {Promise<Response | null>} null without a connection */
export async function post({ id, kind, key, link, replaces, sealed }) {
  const address = `/api/mail/${id}?kind=${kind}&key=${key}${link ? `&link=${encodeURIComponent(link)}` : ''}${replaces ? `&replaces=${replaces}` : ''}`;
  const headers = { 'Content-Type': 'application/octet-stream', 'X-Device': device() };
  try { return await fetch(address, { method: 'PUT', headers, body: sealed }); } catch { return null; }
}

/** Keep trying: when the phone is online again, when the page is looked at again, and now and then. */
export function keepSending(told = () => {}) {
  const attempt = async () => { if (waiting().length) { await sendWaiting(); told(); } };
  addEventListener('online', attempt);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) attempt(); });
  setInterval(attempt, RETRY_MS);
  attempt();
}
