/* A day, or a day and a time, typed as ISO 8601 whatever the browser's language, or picked from a calendar in the page's. */

import { element } from './page.mjs';

const DAY_MS = 86_400_000;
const FIRST_MONDAY = Date.UTC(2024, 0, 1);
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/**
 * @param {{ language: string, say: (key: string) => string }} page words under `date.`
 * @param {{ value?: string, time?: boolean, name?: string, label?: string }} [how] `value`: 2026-11-24, or 2026-11-24T08:30 with `time`
 * @returns {{ node: HTMLElement, input: HTMLInputElement, read: () => string, write: (value: string) => void }} `read`: as `value`, '' for
 *   nothing or for what is no day
 */
export function dateField(page, { value = '', time = false, name, label } = {}) {
  const node = element('span', 'date-field');
  const input = Object.assign(element('input'), { type: 'text', inputMode: 'numeric', autocomplete: 'off', spellcheck: false, maxLength: 16, placeholder: page.say(time ? 'date.form_time' : 'date.form') });
  if (name) input.name = name;
  if (label) input.setAttribute('aria-label', label);
  const button = Object.assign(element('button', 'date-open'), { type: 'button', title: page.say('date.pick') });
  button.setAttribute('aria-label', page.say('date.pick'));
  button.append(element('span', 'icon icon-calendar'));
  node.append(input, button);
  const read = () => normal(input.value, time) ?? '';
  const write = (next) => {
    input.value = next.replace('T', ' ');
    input.setCustomValidity('');
  };
  input.addEventListener('change', () => {
    const found = normal(input.value, time);
    if (found !== null) write(found);
    input.setCustomValidity(found === null ? page.say('date.wrong') : '');
    if (found === null) input.reportValidity();
  });
  const open = () => openCalendar(page, button, read().slice(0, 10), (day) => {
    write(time ? `${day}T${read().slice(11) || '09:00'}` : day);
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.focus();
  });
  button.addEventListener('click', open);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' || !event.altKey) return;
    event.preventDefault();
    open();
  });
  write(value);
  return { node, input, read, write };
}

/**
 * What somebody typed as ISO 8601: 2026/11/4, 20261104 and 2026-11-04 are the same day.
 * @returns {string|null} '' for nothing; null for what is no day
 */
export function normal(text, time = false) {
  const said = text.trim();
  if (!said) return '';
  const found = said.match(/^(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?(?:[T\s]+(\d{1,2})\D(\d{2}))?$/);
  if (!found || Boolean(found[4]) > time) return null;
  const [year, month, day, hour = 0, minute = 0] = found.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute));
  const whole = at.getUTCMonth() === month - 1 && at.getUTCDate() === day && at.getUTCHours() === hour && minute < 60;
  return whole ? at.toISOString().slice(0, time ? 16 : 10) : null;
}

/** The calendar, in the browser's top layer: a click beside it or Escape closes it. */
function openCalendar(page, anchor, chosen, choose) {
  const box = element('div', 'calendar');
  box.popover = 'auto';
  box.setAttribute('role', 'dialog');
  box.setAttribute('aria-label', page.say('date.pick'));
  (anchor.closest('dialog') ?? document.body).append(box);
  let day = chosen ? Date.parse(`${chosen}T00:00Z`) : Math.floor((Date.now() - new Date().getTimezoneOffset() * 60_000) / DAY_MS) * DAY_MS;
  const take = (at) => {
    box.hidePopover();
    choose(iso(at));
  };
  const go = (at) => {
    day = at;
    draw(page, box, day, chosen, go, take);
    box.querySelector('[tabindex="0"]').focus();
  };
  box.addEventListener('keydown', (event) => {
    const next = moved(day, event);
    if (next === null) return;
    event.preventDefault();
    go(next);
  });
  box.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    const held = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    if (held) anchor.focus();
  });
  box.showPopover();
  go(day);
  const { left, bottom, top } = anchor.getBoundingClientRect();
  box.style.setProperty('left', `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`);
  box.style.setProperty('top', `${bottom + box.offsetHeight + 8 < innerHeight ? bottom + 4 : Math.max(8, top - box.offsetHeight - 4)}px`);
}

function moved(day, { key, shiftKey }) {
  if (key in STEPS) return day + STEPS[key] * DAY_MS;
  if (key === 'PageUp' || key === 'PageDown') return monthsOn(day, (key === 'PageUp' ? -1 : 1) * (shiftKey ? 12 : 1));
  if (key === 'Home' || key === 'End') return day + (key === 'Home' ? -weekday(day) : 6 - weekday(day)) * DAY_MS;
  return null;
}

const iso = (at) => new Date(at).toISOString().slice(0, 10);
const weekday = (at) => (new Date(at).getUTCDay() + 6) % 7;

/** The same day some months on; the last of the month where it has none such. */
function monthsOn(at, months) {
  const now = new Date(at);
  const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months + 1, 0)).getUTCDate();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, Math.min(now.getUTCDate(), last));
}

function draw(page, box, day, chosen, go, take) {
  const locale = page.language === 'zh' ? 'zh-CN' : 'en-GB';
  const write = (options) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options });
  const head = element('div', 'calendar-head');
  const turn = (key, months, sign) => {
    const made = Object.assign(element('button', '', sign), { type: 'button', tabIndex: -1 });
    made.setAttribute('aria-label', page.say(`date.${key}`));
    made.addEventListener('click', () => go(monthsOn(day, months)));
    return made;
  };
  const title = element('b', '', write({ year: 'numeric', month: 'long' }).format(day));
  title.setAttribute('aria-live', 'polite');
  head.append(turn('previous', -1, '‹'), title, turn('next', 1, '›'));
  const grid = element('div', 'calendar-grid');
  grid.setAttribute('role', 'grid');
  const names = write({ weekday: page.language === 'zh' ? 'narrow' : 'short' });
  grid.append(...Array.from({ length: 7 }, (_, k) => element('span', 'calendar-name', names.format(FIRST_MONDAY + k * DAY_MS))));
  const first = monthsOn(day, 0) - (new Date(day).getUTCDate() - 1) * DAY_MS;
  const whole = write({ dateStyle: 'full' });
  for (let k = 0; k < 42; k += 1) {
    const at = first + (k - weekday(first)) * DAY_MS;
    const cell = Object.assign(element('button', `calendar-day${new Date(at).getUTCMonth() === new Date(day).getUTCMonth() ? '' : ' is-beside'}`, String(new Date(at).getUTCDate())), { type: 'button', tabIndex: at === day ? 0 : -1 });
    cell.setAttribute('aria-label', whole.format(at));
    if (iso(at) === chosen) cell.setAttribute('aria-current', 'date');
    cell.addEventListener('click', () => take(at));
    grid.append(cell);
  }
  box.replaceChildren(head, grid);
}
