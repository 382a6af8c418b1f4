/** What every part of the phone's page has: words, language, elements, short messages, and sheets that slide over the page. */

const settings = JSON.parse(document.getElementById('settings').textContent);
export const { language, root, version } = settings;
export const locale = language === 'zh' ? 'zh-CN' : 'en-GB';

/** A text of the page; `{name}` is filled in. @param {string} key @param {Record<string, string|number>} [values] */
export const say = (key, values = {}) => (settings.words[key] ?? key).replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
/** The one of a pair [Chinese, English] that the page speaks. @param {[string, string] | null | undefined} names */
export const pick = (names) => (names ? (language === 'zh' ? names[0] : names[1] ?? names[0]) : '');

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement} */
export const find = (selector, within = document) => within.querySelector(selector);

/** An element: `make('p', {class: 'soft'}, 'text', child)`; `onclick` and its like listen. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** A sign from the style sheet. @param {string} name */
export const glyph = (name) => make('span', { class: `glyph glyph-${name}`, 'aria-hidden': 'true' });

/** A button. @param {string} kind main, second, quiet or danger @param {(event: Event) => void} act */
export const button = (kind, text, act, attributes = {}) => make('button', { type: 'button', class: `button ${kind}`, onclick: act, ...attributes }, text);

/** Say something for a few seconds. @param {string} text @param {'good' | 'bad' | ''} [tone] */
export function toast(text, tone = '') {
  const told = make('p', { class: `toast ${tone}` }, text);
  find('#toasts').replaceChildren(told);
  setTimeout(() => told.remove(), 5_000);
}

const stack = [];
addEventListener('popstate', (event) => { while (stack.length > (event.state?.depth ?? 0)) stack.pop().shut(); });

/**
 * A sheet over the page, closed by its button, by the phone's way back, or by `close`, with whatever stands on it.
 * @param {string} title @param {{small?: boolean, onclose?: () => void}} [options]
 * @returns {{body: HTMLElement, foot: HTMLElement, dialog: HTMLElement, close: () => void}}
 */
export function openSheet(title, { onclose, small = false } = {}) {
  const body = make('div', { class: 'sheet-body' }), foot = make('div', { class: 'sheet-foot' });
  const close = () => { const at = stack.indexOf(sheet); if (at >= 0) history.go(at - stack.length); };
  const dialog = make('dialog', { class: small ? 'sheet small' : 'sheet', 'aria-label': title },
    make('header', { class: 'sheet-head' }, make('button', { type: 'button', class: 'back', 'aria-label': say('back'), onclick: close }, glyph('back')), make('h2', {}, title)), body, foot);
  const sheet = { body, foot, dialog, close, shut: () => { dialog.close(); dialog.remove(); onclose?.(); } };
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); close(); });
  stack.push(sheet);
  history.pushState({ depth: stack.length }, '');
  document.body.append(dialog);
  dialog.showModal();
  return sheet;
}
/** Close every sheet. */
export const closeSheets = () => stack[0]?.close();

/** A moment as people say it: today the clock alone. @param {number} ms */
export function moment(ms) {
  const at = new Date(ms), today = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, { ...(today ? {} : { month: 'numeric', day: 'numeric' }), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** How long, in the two largest units. @param {number} ms */
export function duration(ms) {
  const minutes = Math.max(0, Math.round(Math.abs(ms) / 60_000));
  if (minutes < 60) return say('time.minutes', { n: minutes });
  if (minutes < 2880) return say('time.hours', { n: Math.floor(minutes / 60), m: minutes % 60 });
  return say('time.days', { n: Math.floor(minutes / 1440), h: Math.floor(minutes % 1440 / 60) });
}

/** How far. @param {number | null} metres */
export const distance = (metres) => (metres == null ? '' : metres < 1000 ? say('distance.metres', { n: Math.max(5, Math.round(metres / 10) * 10) }) : say('distance.kilometres', { n: (metres / 1000).toFixed(1) }));
