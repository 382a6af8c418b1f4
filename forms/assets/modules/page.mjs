/** What every page has: its words, its language, large type, and a way to build elements without markup in strings. */
import { store } from './mailbox.mjs';

const words = JSON.parse(document.getElementById('words').textContent);
export const lang = document.documentElement.lang.startsWith('en') ? 'en' : 'zh';

/** A text of the page's language; `{name}` is filled in. @param {string} key @param {Record<string, string|number>} [values] */
export const say = (key, values = {}) => (words[key] ?? key).replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

/** @param {string} selector @returns {HTMLElement} */
export const find = (selector) => document.querySelector(selector);

/** An element: `make('p', {class: 'soft'}, 'text', child)`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** A time as a person says it. @param {number} seconds Unix */
export function moment(seconds, zone) {
  const how = { month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone };
  return new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', how).format(new Date(seconds * 1000));
}

const large = find('#large');
function showType() {
  const on = store.get('needle.large') === '1';
  document.documentElement.dataset.type = on ? 'large' : '';
  large.setAttribute('aria-pressed', String(on));
}
large.addEventListener('click', () => { store.set('needle.large', store.get('needle.large') === '1' ? '0' : '1'); showType(); });
showType();
