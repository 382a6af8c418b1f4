/* Asking our own server: answers as values, refusals in the page's language, and a line that says when cases changed. */

import { post as send } from './post.mjs';
import { setReached } from './reach.mjs';
import { SIGNED_OUT, signIn } from './session.mjs';

const AGAIN_MS = 2_000;

/** What the server refuses, in the page's language. */
export class Refusal extends Error {
  constructor(said, language, status) {
    super(said?.[language] ?? said?.en ?? String(status));
    Object.assign(this, { code: said?.code, status });
  }
}

/** @returns {Promise<any>} the answer's JSON; throws a Refusal, or an error when no server was found */
export async function get(page, address) {
  return read(page, () => fetch(address, { headers: { Accept: 'application/json' } }));
}

/** Post `body` as JSON; as `get`. */
export async function give(page, address, body) {
  return read(page, () => send(address, body));
}

async function read(page, ask) {
  let answer;
  try {
    answer = await ask();
  } catch {
    setReached(false);
    throw new Error(page.say('failed'));
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refusal(said, page.language, answer.status);
  return said;
}

/**
 * Hear which cases changed, for good.
 * @param {() => number} since the last event that the page knows
 * @param {(ids: number[]) => void} changed
 */
export function hear(since, changed) {
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws/live?since=${since()}`);
  socket.addEventListener('message', ({ data }) => {
    const said = JSON.parse(data);
    if (said.kind === 'cases' && said.rows.length) changed(said.rows.map((row) => row.id));
    else if (said.kind === 'reload') changed([]);
  });
  socket.addEventListener('close', ({ code }) => (code === SIGNED_OUT ? signIn() : setTimeout(() => hear(since, changed), AGAIN_MS)));
}
