/* One keyboard map for every page: modules register keys with the words that say what they do; `?` shows them. */

/** @typedef {{ key: string, words: string, handler: (event: KeyboardEvent) => unknown }} Binding */

/** @type {Binding[]} the latest first */
const bindings = [];
const SHOWN = { ' ': '␣', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', Enter: '↵', Home: 'Home', End: 'End' };

/**
 * Let a key do something on this page. Of two on one key the later acts, unless it returns false.
 * @param {string} key as in KeyboardEvent.key; letters in either case
 * @param {string} words what it does, in the page's language; '' keeps it out of the list
 * @param {(event: KeyboardEvent) => unknown} handler false: not mine, ask the next
 * @returns {() => void} takes the key back
 */
export function register(key, words, handler) {
  const binding = { key: key.toLowerCase(), words, handler };
  bindings.unshift(binding);
  return () => bindings.splice(bindings.indexOf(binding), 1);
}

/** What is registered, for the list: one line a key, in the order of registering. @returns {{ key: string, words: string }[]} */
export function listed() {
  const lines = new Map();
  for (const { key, words } of bindings) if (words && !lines.has(key)) lines.set(key, words);
  return [...lines].reverse().map(([key, words]) => ({ key: shown(key), words }));
}

function shown(key) {
  const name = Object.keys(SHOWN).find((known) => known.toLowerCase() === key);
  return name ? SHOWN[name] : key.toUpperCase();
}

/* A key belongs to the text field it is typed into, except Escape; and to the open dialog. */
function act(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
  const typing = event.target.closest?.('input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable=true]');
  if (typing && event.key !== 'Escape') return;
  if (document.querySelector('dialog[open]') && event.key !== '?') return;
  for (const { key, handler } of [...bindings]) {
    if (key !== event.key.toLowerCase()) continue;
    if (handler(event) === false) continue;
    event.preventDefault();
    return;
  }
}

addEventListener('keydown', act);

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex="-1"])';

/**
 * Keep Tab within a panel that lies over the page, until released; then focus returns to where it was.
 * (A <dialog> shown with showModal does this by itself.)
 * @param {HTMLElement} panel
 * @returns {() => void} lets go
 */
export function trapFocus(panel) {
  const before = document.activeElement;
  const around = (event) => {
    if (event.key !== 'Tab') return;
    const stops = [...panel.querySelectorAll(FOCUSABLE)].filter((stop) => stop.offsetParent !== null);
    if (!stops.length) return;
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge && panel.contains(document.activeElement)) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  };
  panel.addEventListener('keydown', around);
  panel.querySelector(FOCUSABLE)?.focus({ preventScroll: true });
  return () => {
    panel.removeEventListener('keydown', around);
    before?.focus?.({ preventScroll: true });
  };
}
