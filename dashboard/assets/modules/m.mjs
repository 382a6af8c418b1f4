/** The phone's page: four screens under the thumb, drawn from what the phone has kept, then from what the server says. */
import { find, make, say, toast } from './m_dom.mjs';
import { toggleDuty } from './m_duty.mjs';
import './m_home.mjs';
import { glance, onMove } from './m_here.mjs';
import { blocked } from './m_outbox.mjs';
import { go, onState, refresh, remember, state, tryAll } from './m_state.mjs';
import { tasksScreen } from './m_tasks.mjs';
import { sentScreen } from './m_sent.mjs';

const SCREENS = {
  tasks: tasksScreen,
  report: async (show) => (await import('./m_report.mjs')).reportScreen(() => open('sent'), show),
  sent: sentScreen,
  me: async (show) => (await import('./m_me.mjs')).meScreen(show),
};
const REFRESH_MS = 60_000;
let tab = 'tasks', drawing = 0;

/** Show a screen. @param {string} name */
export function open(name) {
  tab = name in SCREENS ? name : 'tasks';
  for (const button of document.querySelectorAll('.tab')) button.setAttribute('aria-current', button.dataset.tab === tab ? 'page' : 'false');
  find('#title').textContent = say(`tab.${tab}`);
  find('#screen').scrollTop = 0;
  find('#screen').dataset.tab = '';
  void show();
}

/** Draw the screen anew. A form that is being filled in is left as it is. */
async function show() {
  bars();
  const screen = find('#screen'), number = ++drawing;
  if (!state.data) { if (!state.reach) screen.replaceChildren(offlineFirst()); return; }
  if (tab === 'report' && screen.dataset.tab === 'report') return;
  const shown = await SCREENS[tab](show);
  if (number !== drawing) return;
  const at = screen.scrollTop;
  screen.dataset.tab = tab;
  screen.replaceChildren(...shown);
  screen.scrollTop = at;
  ready();
}

function bars() {
  const open_ = state.items.filter((item) => item.account === state.account && item.state !== 'sent');
  const refused = open_.filter((item) => item.state === 'refused').length + blocked(open_).size;
  badge('sent', open_.length, refused > 0);
  badge('tasks', state.data ? state.data.tasks.filter((task) => task.state === 'dispatched').length + state.data.checks.length + state.data.whistles.filter((whistle) => whistle.state === 'called').length : 0, false);
  const net = find('#net'), text = !state.signedIn ? say('net.login') : !state.reach ? say('net.off') : '';
  net.hidden = !text;
  net.textContent = text;
  net.dataset.tone = state.signedIn ? 'warn' : 'bad';
}

function badge(name, count, bad) {
  const told = find(`[data-badge="${name}"]`);
  told.hidden = count === 0;
  told.textContent = String(count);
  told.classList.toggle('bad', bad);
}

const offlineFirst = () => make('section', { class: 'empty' }, make('span', { class: 'glyph glyph-cloud', 'aria-hidden': 'true' }), make('h2', {}, say('first.offline')), make('p', { class: 'soft' }, say('first.offline.more')));

function ready() {
  if (document.body.dataset.ready) return;
  document.body.dataset.ready = '1';
  performance.mark('ready');
}

/** Signed out with a network: to the sign-in page, unless somebody is writing. */
async function signIn() {
  const writing = tab === 'report' && (await import('./m_report.mjs')).isWriting();
  if (!writing && !document.querySelector('dialog[open]')) location.replace('/login?next=/m');
}

async function registerWorker() {
  if (!('serviceWorker' in navigator)) return;
  const had = Boolean(navigator.serviceWorker.controller);
  const registration = await navigator.serviceWorker.register('/m/sw.js', { scope: '/m', type: 'module' });
  const waiting = async () => { if (registration.waiting && had) { (await import('./m_me.mjs')).offerUpdate(registration.waiting); toast(say('update.there')); } };
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', waiting));
  let reloading = false;
  navigator.serviceWorker.addEventListener('controllerchange', () => { if (had && !reloading) { reloading = true; location.reload(); } });
  await waiting();
}

async function start() {
  history.replaceState({ depth: 0 }, '');
  const { cookie } = document, theme = cookie.match(/needle_theme=(\w+)/)?.[1];
  if (theme && theme !== document.documentElement.dataset.choice || localStorage.getItem('needle.m.type')) {
    const me = await import('./m_me.mjs');
    if (theme) me.applyTheme(theme);
    me.applyType();
  }
  for (const button of document.querySelectorAll('.tab')) button.addEventListener('click', () => open(button.dataset.tab));
  find('#net').addEventListener('click', () => (state.signedIn ? tryAll().then(refresh) : signIn()));
  find('#duty').addEventListener('click', toggleDuty);
  onState(() => { void show(); if (!state.signedIn && state.reach && !document.hidden) void signIn(); });
  open(location.hash.slice(1) || 'tasks');
  const asked = refresh();
  await remember();
  await asked;
  void glance();
  onMove(() => { if (tab === 'tasks') void show(); });
  await registerWorker().catch(() => {});
  void navigator.storage?.persist?.();
  await go();
  setInterval(() => { if (!document.hidden) void refresh(); }, REFRESH_MS);
}

void start();
