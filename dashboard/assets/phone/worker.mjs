/** The service worker: keeps the page of one version, serves it without a network, and sends what waits when one is back. */
import { hurry, sendDue } from '../modules/m_send.mjs';

const GROUND = 'needle-m-ground', CHOICE = 'needle-m-choice', MOST_KEPT = 600;
const LASTING = /^\/(api\/m\/sheets|api\/photos)\//;

/** @param {{version: string, files: string[]}} told what belongs to this version */
export function keep({ version, files }) {
  const name = `needle-m-${version}`, ours = new Set(files);
  self.addEventListener('install', (event) => event.waitUntil(fill(name, files)));
  self.addEventListener('activate', (event) => event.waitUntil(tidy(name)));
  self.addEventListener('message', ({ data }) => { if (data === 'take over') void self.skipWaiting(); });
  self.addEventListener('sync', (event) => { if (event.tag === 'outbox') event.waitUntil(sendAll()); });
  self.addEventListener('fetch', (event) => {
    const { request } = event, url = new URL(request.url);
    if (request.method !== 'GET' || url.origin !== location.origin) return;
    if (request.mode === 'navigate' && url.pathname === '/m') event.respondWith(page(name, url, request));
    else if (ours.has(url.pathname)) event.respondWith(fromCache(name, url.pathname, request));
    else if (LASTING.test(url.pathname)) event.respondWith(lasting(event, request));
  });
}

/** Everything or nothing: a page of two versions is no page. */
async function fill(name, files) {
  const cache = await caches.open(name);
  await Promise.all(files.map(async (address) => {
    const answer = await fetch(address, { credentials: 'same-origin', cache: address.startsWith('/static/') ? 'default' : 'no-cache' });
    if (!answer.ok || answer.redirected) throw new Error(address);
    await cache.put(address, answer);
  }));
}

async function tidy(name) {
  const old = (await caches.keys()).filter((other) => other.startsWith('needle-m-') && ![name, GROUND, CHOICE].includes(other));
  await Promise.all(old.map((other) => caches.delete(other)));
  await self.clients.claim();
}

/** The document in the language that was asked for, now or the last time. */
async function page(name, url, request) {
  const choice = await caches.open(CHOICE), asked = url.searchParams.get('lang');
  if (asked) await choice.put('/m/language', new Response(asked));
  const language = asked ?? (await (await choice.match('/m/language'))?.text()) ?? null;
  if (language === null) {
    try {
      const answer = await fetch(request);
      const told = (await answer.clone().text()).slice(0, 200);
      if (answer.ok) await choice.put('/m/language', new Response(told.includes('lang="en"') ? 'en' : 'zh'));
      return answer;
    } catch { /* no network: the first language */ }
  }
  return fromCache(name, `/m?lang=${language === 'en' ? 'en' : 'zh'}`, request);
}

const fromCache = async (name, address, request) => (await (await caches.open(name)).match(address)) ?? fetch(request);

/** What a digest or a place names never changes: kept, the oldest thrown away. */
async function lasting(event, request) {
  const cache = await caches.open(GROUND), there = await cache.match(request);
  if (there) return there;
  const answer = await fetch(request);
  if (answer.ok) event.waitUntil(cache.put(request, answer.clone()).then(async () => { for (const old of (await cache.keys()).slice(0, -MOST_KEPT)) await cache.delete(old); }));
  return answer;
}

async function sendAll() {
  await hurry();
  if (await sendDue()) throw new Error('something still waits: the browser asks again later');
}
