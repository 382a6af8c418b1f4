/**
 * Answers to forms on this phone: kept while they are written, sealed and sent when there is a connection, exactly once (the mail's id
 * comes from the resident's code), and followed until the office has filed them or sent them back.
 */
import { governmentKey, post, read, store } from './mailbox.mjs';
import { fromBase64, letterInfo, mailId, newCode, openReply, pack, seal } from './seal.mjs';

const NAME = 'needle-answers', SHELF = 'answers', MINE = 'needle.mine', RETRY_MS = 15_000, LATER = new Set([408, 425, 429]);

/**
 * @typedef {object} Answer one a link
 * @property {string} token
 * @property {'draft' | 'sending' | 'sent' | 'filed' | 'rejected' | 'parked' | 'refused'} state
 * @property {object} link what the link leads to, as it was seen last
 * @property {string | null} instance the answer as XML; null once it is filed, but for a person's or household's, who may correct it
 * @property {string | null} code
 * @property {string | null} [replaces] the code of the answer whose place it takes
 */

const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
/** Where nothing may be kept (private windows), this page remembers. */
const spare = new Map();
let opened = null;
function shelf(mode) {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(SHELF, { keyPath: 'token' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened.then((database) => database.transaction(SHELF, mode).objectStore(SHELF));
}

/** @param {string} token @returns {Promise<Answer | null>} */
export async function kept(token) {
  try { return await done((await shelf('readonly')).get(token)) ?? null; } catch { return spare.get(token) ?? null; }
}
/** @param {Answer} answer @returns {Promise<boolean>} whether it will outlive this page */
export async function keep(answer) {
  spare.set(answer.token, answer);
  try { await done((await shelf('readwrite')).put(answer)); return true; } catch { return false; }
}
export async function forget(token) {
  spare.delete(token);
  try { await done((await shelf('readwrite')).delete(token)); } catch { /* nothing was kept */ }
}
export async function all() {
  try { return await done((await shelf('readonly')).getAll()); } catch { return [...spare.values()]; }
}

/** Decide that an answer shall be sent: from now on it has its code. */
export async function commit(answer) {
  const sending = { ...answer, state: 'sending', code: answer.code ?? newCode(), at: Math.round(Date.now() / 1000) };
  await keep(sending);
  const mine = JSON.parse(store.get(MINE) ?? '[]').filter(({ code }) => code !== sending.code);
  store.set(MINE, JSON.stringify([{ code: sending.code, name: sending.link.title, at: sending.at }, ...mine].slice(0, 30)));
  return sending;
}

/** Send an answer that shall be sent. @param {Answer} answer @returns {Promise<Answer>} how it stands now */
export async function send(answer) {
  const { code, token, form, version, instance, language, files, link, replaces = null } = answer, id = await mailId(code);
  const content = { code, form, version, instance, language, replaces, files: files.map(({ name, type }) => ({ name, type })) };
  let reply;
  try {
    const { key_id: key, public_key: point } = await governmentKey();
    const sealed = await seal(pack(content, files.map(({ bytes }) => bytes)), fromBase64(point), letterInfo(id, 'answer'));
    reply = await post({ id, kind: 'answer', key, link: token, sealed, replaces: replaces && await mailId(replaces) });
  } catch { return answer; }
  if (!reply || reply.status >= 500 || LATER.has(reply.status)) return answer;
  const why = reply.ok ? null : (await reply.json().catch(() => ({}))).code ?? `${reply.status}`;
  const next = { ...answer, link, state: reply.ok ? 'sent' : 'refused', why };
  await keep(next);
  return next;
}

/** Ask how a sent answer stands. @returns {Promise<Answer>} the same when there is no news */
export async function hear(answer) {
  const id = await mailId(answer.code), standing = await read(`/api/standing/${id}`);
  if (standing?.problem) return keepNext({ ...answer, state: 'rejected', problems: [], why: standing.problem });
  if (!standing?.sealed) return answer;
  const reply = await openReply(answer.code, id, fromBase64(standing.sealed));
  if (reply.state === answer.state) return answer;
  const mine = ['person', 'household'].includes(answer.link.kind);
  const over = reply.state !== 'filed' ? {} : { replaces: null, filed: null, ...(mine ? {} : { instance: null, files: [] }) };
  return keepNext({ ...answer, ...over, state: reply.state, receipt: reply.receipt, problems: reply.problems ?? [] });
}
async function keepNext(answer) { await keep(answer); return answer; }

/** Send what shall be sent, now and whenever the connection comes back. @param {(answer: Answer) => void} told */
export function keepSendingAnswers(told = () => {}) {
  let busy = false;
  const attempt = async () => {
    if (busy) return;
    busy = true;
    try {
      for (const answer of await all()) if (answer.state === 'sending') told(await send(answer));
    } finally { busy = false; }
  };
  addEventListener('online', attempt);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) attempt(); });
  setInterval(attempt, RETRY_MS);
  attempt();
}
