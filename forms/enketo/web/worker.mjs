/** The form page without a connection: its shell in both languages, its scripts, and the forms that were opened once. */
/* global BUILT */
const SHELF = `needle-form-${BUILT[0]}`, SHELLS = ['/f/-?lang=zh', '/f/-?lang=en'], PATIENCE_MS = 5_000;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll([...SHELLS, ...BUILT.map((name) => `/built/${name}`)])).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith('needle-form-') && name !== SHELF).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});
self.addEventListener('fetch', (event) => {
  const { request } = event, { pathname, origin, searchParams } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(request, searchParams.get('lang') === 'en' ? SHELLS[1] : SHELLS[0]));
  else if (pathname.startsWith('/built/')) event.respondWith(keptFirst(request));
  else if (pathname.startsWith('/media/') && !request.headers.has('range')) event.respondWith(keptForGood(request));
  else if (/^\/api\/(papers|sheets)\/|^\/api\/key$/.test(pathname)) event.respondWith(freshFirst(request));
});

/** The page itself from the portal, for it may be newer; what is kept when the portal does not answer in time. */
async function page(request, shell) {
  const late = new Promise((done) => { setTimeout(done, PATIENCE_MS, null); });
  const answer = await Promise.race([fetch(request).catch(() => null), late]);
  return answer ?? await caches.match(shell) ?? fetch(request);
}
async function keptFirst(request) { return await caches.match(request) ?? fetch(request); }
/** What is named by its content never changes: fetched once, there afterwards also without a connection. */
async function keptForGood(request) {
  const shelf = await caches.open(SHELF), kept = await shelf.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await shelf.put(request, answer.clone());
  return answer;
}
async function freshFirst(request) {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shelf.put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await shelf.match(request);
    if (kept) return kept;
    throw error;
  }
}
