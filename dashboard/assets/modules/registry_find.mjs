/* Finding a record: it answers while somebody types, arrows walk through what is found, Enter opens it. */

import { h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';

const TYPING_MS = 90;
const ICONS = { person: 'user', household: 'users', building: 'building-2', room: 'grid-3x3', enterprise: 'badge-check' };

/** The mark of a kind of record. */
export const kindIcon = (kind) => icon(ICONS[kind] ?? 'file-text');

export class Find {
  /** @param {object} page @param {HTMLElement} place where the box stands */
  constructor(page, place) {
    this.page = page;
    this.field = h('input', { type: 'search', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder: page.say('find.hint'), 'aria-label': page.say('find.label'), 'aria-expanded': 'false', 'aria-controls': 'registry-found', 'aria-autocomplete': 'list', oninput: () => this.soon(), onkeydown: (event) => this.key(event), onfocus: () => this.field.value.trim() && this.soon() });
    this.list = h('div', { class: 'registry-found', id: 'registry-found', role: 'listbox', 'aria-label': page.say('find.found'), hidden: true });
    place.replaceChildren(h('label', { class: 'desk-search' }, icon('search'), this.field, h('kbd', { text: '/', 'aria-hidden': 'true' })), this.list);
    document.addEventListener('pointerdown', ({ target }) => place.contains(target) || this.close());
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), TYPING_MS);
  }

  async look() {
    const { page } = this, text = this.field.value.trim();
    if (!text) return this.close();
    const { q, found } = await get(page, `/api/registry/search?lang=${page.language}&q=${encodeURIComponent(text)}`).catch((error) => ({ q: text, found: null, error }));
    if (q !== this.field.value.trim()) return undefined;
    this.show(found ?? []);
    if (!found?.length) this.list.replaceChildren(h('p', { class: 'registry-none', role: 'status', text: page.say(found ? 'find.nothing' : 'find.failed', { q }) }));
    return undefined;
  }

  show(found) {
    this.list.replaceChildren(...found.map((one, at) => this.line(one, at)));
    this.list.hidden = false;
    this.field.setAttribute('aria-expanded', 'true');
    this.step(0, true);
  }

  line(one, at) {
    const { page } = this;
    const about = [one.born ? page.say('born', { year: one.born }) : null, one.phone, one.place].filter(Boolean).join(' · ');
    return h('a', { class: 'registry-hit', role: 'option', id: `registry-hit-${at}`, href: `/registry/${one.code}`, tabindex: '-1', 'aria-selected': 'false' }, kindIcon(one.kind), h('b', { text: one.name }), h('span', { class: 'registry-hit-about', text: about }), h('small', { text: page.say(`kind.${one.kind}`) }));
  }

  step(by, first = false) {
    const lines = [...this.list.querySelectorAll('.registry-hit')];
    const now = lines.findIndex((line) => line.getAttribute('aria-selected') === 'true');
    const next = first ? 0 : Math.min(Math.max(now + by, 0), lines.length - 1);
    lines.forEach((line, at) => line.setAttribute('aria-selected', String(at === next)));
    lines[next]?.scrollIntoView({ block: 'nearest' });
    if (lines.length) this.field.setAttribute('aria-activedescendant', `registry-hit-${next}`);
  }

  key(event) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      this.step(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter') {
      this.list.querySelector('[aria-selected="true"]')?.click();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.close();
      this.field.blur();
    }
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute('aria-expanded', 'false');
    this.field.removeAttribute('aria-activedescendant');
  }
}
