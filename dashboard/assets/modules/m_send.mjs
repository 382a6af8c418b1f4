/** Sending what waits: photos first, each once, then the words. Runs in the page and, where a browser offers it, in the worker. */
import { ADDRESSES, after, due, hurried, message, spent } from './m_outbox.mjs';
import { drop, items, keep, read, renew, save } from './m_store.mjs';

const PATIENCE_MS = 45_000;
const channel = new BroadcastChannel('needle-m');

/** Tell every page of this phone that the outbox changed. */
export const tellChange = () => channel.postMessage('outbox');
/** Be told. @param {() => void} act */
export const onChange = (act) => { channel.onmessage = act; };

/** The token against forged requests: from the cookie in a page, as a page left it in the worker. */
async function token() {
  if (typeof document === 'undefined') return (await read('csrf')) ?? '';
  const found = document.cookie.split('; ').find((pair) => pair.startsWith('needle_csrf='))?.slice(12) ?? '';
  await keep('csrf', found);
  return found;
}

/** Ask the server; null when nobody answers. @returns {Promise<{status: number, body: any} | null>} */
export async function ask(address, { method = 'POST', body, type = 'application/json' } = {}) {
  try {
    const headers = { 'X-CSRF-Token': await token(), ...(body === undefined ? {} : { 'Content-Type': type }) };
    const answer = await fetch(address, { method, body, headers, credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) });
    const isJson = answer.headers.get('content-type')?.includes('json');
    return { status: answer.status, body: isJson ? await answer.json() : undefined };
  } catch { return null; }
}

/** Put something into the outbox, for good, and try to send it. */
export async function put(item) {
  await save(item);
  tellChange();
  void registerSync(); // waits for the worker, which may never come
  void sendDue();
}

/** Ask the browser to wake the worker when a network is back, where it can. */
export async function registerSync() {
  try { await (await navigator.serviceWorker?.ready)?.sync?.register('outbox'); } catch { /* this browser cannot: the page sends when it is open */ }
}

/** Make everything that waits due now. */
export const hurry = () => navigator.locks.request('needle-outbox', async () => { for (const item of await items()) if (item.next_at > 0) await renew(hurried(item)); });

/** Send all that is due; one place of this phone does so at a time. @returns {Promise<number>} how many still wait */
export async function sendDue() {
  return navigator.locks.request('needle-outbox', async () => {
    const account = await read('account');
    if (!account) return 0;
    const tried = new Set();
    for (;;) {
      const all = await items(), next = due(all, account, Date.now()).find((item) => !tried.has(item.id));
      await Promise.all(spent(all, Date.now()).map(drop));
      if (!next) return all.filter((item) => item.state === 'waiting' && item.account === account).length;
      tried.add(next.id);
      await renew(await sent(next));
      tellChange();
    }
  });
}

async function sent(item) {
  let now = item;
  for (const [name, list] of Object.entries(item.photos)) {
    for (const [at, photo] of list.entries()) {
      if (photo.digest) continue;
      const outcome = await ask('/api/m/photos', { body: photo.bytes, type: 'image/jpeg' });
      if (outcome?.status !== 201) return after(now, outcome, Date.now());
      now = { ...now, photos: { ...now.photos, [name]: now.photos[name].map((other, i) => (i === at ? { ...other, digest: outcome.body.digest } : other)) } };
      await renew(now);
    }
  }
  return after(now, await ask(ADDRESSES[now.kind], { body: JSON.stringify(message(now, Date.now())) }), Date.now());
}
