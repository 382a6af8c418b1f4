/* Whether the server can be reached: asked now and then, and whenever the machine's network comes or goes. */

const EVERY_MS = 15_000;
const AGAIN_MS = 3_000;
const PATIENCE_MS = 8_000;

let reached = true;
let timer;

/** @returns {boolean} */
export const isReached = () => reached;

/**
 * Say what a request has just learned, so that the banner need not wait for the next asking.
 * @param {boolean} now
 */
export function setReached(now) {
  schedule(now ? EVERY_MS : AGAIN_MS);
  if (now === reached) return;
  reached = now;
  dispatchEvent(new CustomEvent('needle:reach', { detail: now }));
}

/** Begin to ask. */
export function watchReach() {
  addEventListener('online', ask);
  addEventListener('offline', () => setReached(false));
  schedule(EVERY_MS);
}

async function ask() {
  try {
    const answer = await fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    setReached(answer.ok);
  } catch {
    setReached(false);
  }
}

function schedule(after) {
  clearTimeout(timer);
  timer = setTimeout(ask, after);
}
