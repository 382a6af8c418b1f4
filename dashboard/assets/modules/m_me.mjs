/** One's own screen: duty, what is kept of where one was, language, theme, type, the home screen, signing out. */
import { button, language, make, moment, pick, say, toast, version } from './m_dom.mjs';
import { home } from './m_home.mjs';
import { dutyState, toggleDuty } from './m_duty.mjs';
import { look, refresh, state } from './m_state.mjs';
import { ask } from './m_send.mjs';
import { forget } from './m_store.mjs';
import { visitCard } from './m_visit.mjs';
import { post } from './post.mjs';

const YEAR_S = 31_536_000;
const remember = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=lax`; };
let update = null;

/** A new version waits. @param {ServiceWorker} worker */
export const offerUpdate = (worker) => { update = worker; };

/** @returns {HTMLElement[]} */
export function meScreen(show) {
  const { person, duty, kept, shift_ends: ends } = state.data, now = dutyState(), on = now === 'on' || now === 'going';
  return [
    make('section', { class: 'card me' }, make('h2', {}, person.name), make('p', { class: 'soft' }, [person.team, pick(person.department), say(`role.${person.role}`)].filter(Boolean).join(' · '))),
    make('section', { class: 'card duty-card', 'data-duty': now },
      make('div', { class: 'row between' }, make('div', {}, make('h2', {}, say(`duty.${now}`)), make('p', { class: 'soft' }, on ? say('duty.until', { time: moment(duty?.until ?? ends ?? Date.now() + 43_200_000) }) : say('duty.private'))), toggle(on, say('duty'), toggleDuty)),
      make('p', { class: 'soft tiny' }, say('duty.note', { hours: kept.hours })),
      kept.seen_days ? make('p', { class: 'soft tiny' }, say('kept.seen', { days: kept.seen_days })) : null,
      make('div', { class: 'row between' }, make('p', { class: 'soft' }, kept.places ? say('kept.places', { n: kept.places, time: moment(kept.since) }) : say('kept.none')), kept.places ? button('quiet', say('kept.delete'), () => deleteOwn()) : null)),
    person.confirms ? visitCard() : null,
    person.cells ? make('a', { class: 'card', href: '/cells', 'data-to': 'cells' }, say('cells')) : null,
    installCard(show),
    make('section', { class: 'card column' },
      choice(say('language'), [['zh', say('language.zh')], ['en', say('language.en')]], language, (value) => { remember('needle_lang', value); location.assign(`/m?lang=${value}`); }),
      choice(say('theme'), ['auto', 'light', 'dark'].map((name) => [name, say(`theme.${name}`)]), document.documentElement.dataset.choice, (value) => { remember('needle_theme', value); applyTheme(value); show(); }),
      choice(say('type'), ['normal', 'large'].map((name) => [name, say(`type.${name}`)]), localStorage.getItem('needle.m.type') ?? 'normal', (value) => { localStorage.setItem('needle.m.type', value); applyType(); show(); })),
    make('section', { class: 'card column' }, update ? button('main', say('update.take'), () => update.postMessage('take over')) : make('p', { class: 'soft tiny' }, say('update.none', { version })), button('second', say('sign.out'), signOut)),
  ].filter(Boolean);
}

const toggle = (on, words, act) => make('button', { type: 'button', class: 'toggle', role: 'switch', 'aria-checked': String(on), 'aria-label': words, onclick: act }, make('span', {}));

function choice(words, values, chosen, act) {
  return make('div', { class: 'row between' }, make('span', {}, words), make('div', { class: 'switch', role: 'group', 'aria-label': words }, values.map(([value, name]) => make('button', { type: 'button', 'aria-pressed': String(value === chosen), 'data-value': value, onclick: () => act(value) }, name))));
}

/** How to get the page onto the home screen; nothing where it is there already. */
function installCard(show) {
  if (matchMedia('(display-mode: standalone)').matches || navigator.standalone || localStorage.getItem('needle.m.installed')) return null;
  const apple = /iPhone|iPad/.test(navigator.userAgent);
  return make('section', { class: 'card' }, make('h2', {}, say('install')), make('p', { class: 'soft' }, say(apple ? 'install.apple' : 'install.why')),
    make('div', { class: 'row' }, home.offer ? button('main', say('install.do'), async () => { home.offer.prompt(); await home.offer.userChoice; home.offer = null; show(); }) : null, button('quiet', say('install.hide'), () => { localStorage.setItem('needle.m.installed', '1'); show(); })));
}

async function deleteOwn() {
  const answer = await ask('/api/m/positions', { method: 'DELETE' });
  toast(say(answer?.status === 200 ? 'kept.deleted' : 'offline.later'), answer?.status === 200 ? 'good' : 'bad');
  await refresh();
}

async function signOut() {
  const open = state.items.filter((item) => item.account === state.account && item.state !== 'sent').length;
  if (open) { toast(say('sign.waits', { n: open }), 'bad'); await look(); return; }
  try { await post('/logout', undefined, { redirect: 'manual' }); } catch { toast(say('offline.later'), 'bad'); return; }
  await Promise.all(['state', 'account', 'csrf'].map(forget));
  location.assign('/login?next=/m');
}

/** The theme chosen, whatever the kept document says. */
export function applyTheme(choice) {
  const page = document.documentElement, light = !matchMedia('(prefers-color-scheme: dark)').matches;
  page.dataset.choice = choice;
  page.dataset.theme = choice === 'auto' ? (light ? 'light' : 'dark') : choice;
}
/** Large type, where it was chosen. */
export function applyType() { document.documentElement.dataset.type = localStorage.getItem('needle.m.type') ?? 'normal'; }
