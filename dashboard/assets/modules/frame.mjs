/* The frame's life: language, theme, screen, keys, and what is said when the server is out of reach. Dash draws the frame after
   this runs and again with each page, so everything listens at the document and looks parts up when they are needed. */

import { withQuery } from './address.mjs';
import { bringType } from './fonts.mjs';
import { listed, register } from './keys.mjs';
import { remember } from './memory.mjs';
import { post } from './post.mjs';
import { isReached, watchReach } from './reach.mjs';
import { watchSession } from './session.mjs';
import { THEMES, chooseTheme, chosenTheme } from './theme.mjs';

const part = (name) => document.querySelector(`[data-frame="${name}"]`);

const ACTS = {
  language: changeLanguage,
  theme: changeTheme,
  screen: () => location.assign(withQuery({ screen: 1 })),
  keys: showKeys,
  'sign-out': () => post('/logout').finally(() => location.assign('/login')),
  'keys-close': () => part('keys-help').close(),
  'trouble-close': () => (part('trouble').hidden = true),
};

function changeLanguage() {
  const language = document.documentElement.lang.startsWith('zh') ? 'en' : 'zh';
  remember('needle_lang', language);
  location.assign(withQuery({ lang: language }));
}

function changeTheme() {
  chooseTheme(THEMES[(THEMES.indexOf(chosenTheme()) + 1) % THEMES.length]);
  drawTheme();
}

function drawTheme() {
  const button = part('theme');
  if (!button) return;
  const choice = chosenTheme();
  const words = `${button.getAttribute('aria-label').split(' · ')[0]} · ${button.dataset[choice]}`;
  button.setAttribute('aria-label', words);
  button.title = words;
  button.firstElementChild.className = `icon icon-${{ dark: 'moon', light: 'sun', auto: 'half' }[choice]}`;
}

function showKeys() {
  const help = part('keys-help');
  if (help.open) return help.close();
  const lines = [...listed(), { key: 'Esc', words: help.querySelector('.keys-note').dataset.escape }];
  part('keys-list').replaceChildren(...lines.map(line));
  return help.showModal();
}

function line({ key, words }) {
  const row = document.createElement('div');
  const cap = document.createElement('kbd');
  cap.textContent = key;
  row.append(document.createElement('dt'), document.createElement('dd'));
  row.firstChild.append(cap);
  row.lastChild.textContent = words;
  return row;
}

/* The frame has been drawn: its controls say what they do, its keys are known. */
function settle() {
  drawTheme();
  const offline = part('offline');
  if (offline) offline.hidden = isReached();
  for (const [key, name] of [['?', 'keys'], ['d', 'theme'], ['l', 'language']]) {
    const control = part(name);
    if (control) register(key, control.title.replace(/\s*[(（][^)）]*[)）].*$/, ''), ACTS[name]);
  }
}

document.addEventListener('click', (event) => {
  const name = event.target.closest?.('[data-frame]')?.dataset.frame;
  const menu = part('account');
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
  if (!ACTS[name] || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ACTS[name]();
});

addEventListener('needle:reach', ({ detail }) => (part('offline').hidden = detail));

new MutationObserver((changes) => {
  for (const { target, addedNodes } of changes) {
    if (!addedNodes.length) continue;
    if (target.closest?.('[data-frame="trouble-text"]')) part('trouble').hidden = false;
    if ([...addedNodes].some((node) => node.classList?.contains('frame') || node.querySelector?.('.frame'))) settle();
  }
}).observe(document.body, { childList: true, subtree: true });

watchReach();
watchSession();
bringType();
