/** What the page shows: the last picture from the server, kept on the phone, and what waits in the outbox. */
import { due, made, nextAt } from './m_outbox.mjs';
import { ask, hurry, onChange, put, sendDue, tellChange } from './m_send.mjs';
import { items, keep, read, save } from './m_store.mjs';

/** `data`: the answer of `/api/m/state`; `skew`: the server's clock before the phone's, ms; `reach`: the server answered last time. */
export const state = { data: null, at: 0, skew: 0, items: [], reach: navigator.onLine, signedIn: true, account: null };
const listeners = new Set();
let timer = null, asking = null, waited = 0;

/** Be told whenever something to show has changed. */
export const onState = (act) => listeners.add(act);
const tell = () => listeners.forEach((act) => act());

/** Now by the server's clock. */
export const now = () => Date.now() + state.skew;

/** Show what the phone has kept. */
export async function remember() {
  const kept = await read('state');
  if (kept) Object.assign(state, kept);
  await look();
}

/** Ask the server for everything; what it does not answer stays as it was. */
export function refresh() {
  asking ??= ask('/api/m/state', { method: 'GET' }).then(take).finally(() => { asking = null; });
  return asking;
}

async function take(answer) {
  state.reach = answer !== null;
  if (answer !== null) state.signedIn = answer.status !== 401;
  if (answer?.status === 200) {
    const account = answer.body.person.username;
    Object.assign(state, { data: answer.body, at: Date.now(), skew: answer.body.now - Date.now(), account });
    await keep('account', account);
    await keep('state', { data: state.data, at: state.at, skew: state.skew, account });
  }
  tell();
}

/** Read the outbox again, and be there when the next of it is due. */
export async function look() {
  state.items = await items();
  const waiting = state.items.filter((item) => item.state === 'waiting').length;
  if (waiting < waited) void refresh();
  waited = waiting;
  tell();
  clearTimeout(timer);
  const at = nextAt(state.items, state.account);
  if (at !== null && due(state.items, state.account, Math.max(at, Date.now())).length) timer = setTimeout(go, Math.max(0, at - Date.now()) + 50);
}

/** Send what is due. */
export const go = async () => { await sendDue(); await look(); };
/** A network may be back, or the page is looked at again: try everything. */
export const tryAll = async () => { await hurry(); await go(); };

/** Put something new into the outbox. @param {object} said see m_outbox.mjs */
export async function send(said) {
  await put(made({ id: newId(), account: state.account, at: Date.now(), ...said }));
  await look();
}
/** Keep a changed item and try it. */
export async function resend(item) { await save(item); tellChange(); await go(); }

/** What of the outbox is about something, not yet sent. @param {string} about */
export const pending = (about) => state.items.filter((item) => item.about === about && item.state !== 'sent');

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

onChange(look);
addEventListener('online', () => { void tryAll(); void refresh(); });
addEventListener('offline', () => { state.reach = false; tell(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) { void tryAll(); void refresh(); } });
