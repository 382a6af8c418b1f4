/* The filters: facets to choose from, the chosen ones as chips. They act on map, figures, charts and feed at once. */

import { element, slot } from './page.mjs';
import { onlyTime, timeless } from './where.mjs';

const SEARCH_FROM = 12;
const FLAGS = ['open', 'overdue', 'urgent'];

export class Filters {
  constructor(page, snapshot, where, onChange) {
    Object.assign(this, { page, onChange, where });
    this.take(snapshot);
    slot('filter-open').addEventListener('click', () => this.open(slot('filter-panel').hidden));
    slot('filter-clear').addEventListener('click', () => this.change(onlyTime(this.where)));
    slot('filter-panel').addEventListener('change', (event) => event.target.dataset.facet && this.toggle(event.target.dataset.facet, event.target.value));
    slot('filter-panel').addEventListener('input', (event) => event.target.matches('.facet-search') && narrow(event.target));
    slot('filter-chips').addEventListener('click', (event) => {
      const chip = event.target.closest('[data-key]');
      if (chip) this.toggle(chip.dataset.key, chip.dataset.value);
    });
    this.show(where);
  }

  /** The words to choose from, from a snapshot. */
  take(snapshot) {
    const { page } = this;
    const named = (words) => Object.entries(words ?? {}).map(([code, names]) => [code, Array.isArray(names) ? page.pick(names) : names]);
    const areas = named(snapshot.areas).map(([code, name]) => [`${snapshot.place_layer}:${code}`, name]);
    this.facets = [
      ['channel', named(snapshot.channels)], ['major', named(snapshot.majors)], ['matter', named(snapshot.matters)], ['area', areas], ['department', named(snapshot.departments)],
    ].filter(([, values]) => values.length > 1);
    this.names = new Map(this.facets.flatMap(([key, values]) => values.map(([value, name]) => [`${key} ${value}`, name])));
    slot('filter-facets').replaceChildren(this.flags(), ...this.facets.map(([key, values]) => this.facet(key, values)));
  }

  flags() {
    const box = element('fieldset', 'facet facet-flags');
    box.append(element('legend', '', this.page.say('filter.state')), ...FLAGS.map((flag) => choice(flag, '1', this.page.say(`filter.${flag}`))));
    return box;
  }

  facet(key, values) {
    const box = element('details', 'facet');
    const title = element('summary', '', this.page.say(`filter.${key}`));
    title.append(element('span', 'facet-count'));
    const list = element('div', 'facet-list');
    list.append(...values.map(([value, name]) => choice(key, value, name)));
    box.append(title);
    if (values.length >= SEARCH_FROM) {
      const search = element('input', 'facet-search');
      Object.assign(search, { type: 'search', placeholder: this.page.say('filter.search'), spellcheck: false });
      search.setAttribute('aria-label', this.page.say('filter.search'));
      box.append(search);
    }
    box.append(list);
    box.dataset.facet = key;
    return box;
  }

  open(open) {
    slot('filter-panel').hidden = !open;
    slot('filter-open').setAttribute('aria-expanded', String(open));
    if (open) slot('filter-panel').querySelector('input')?.focus();
  }

  get isOpen() {
    return !slot('filter-panel').hidden;
  }

  toggle(key, value) {
    const { [key]: now, ...rest } = this.where;
    if (!Array.isArray(now) && !this.facets.some(([facet]) => facet === key)) return this.change(now === undefined ? { ...rest, [key]: value } : rest);
    const values = (now ?? []).includes(value) ? now.filter((one) => one !== value) : [...(now ?? []), value].sort();
    return this.change(values.length ? { ...rest, [key]: values } : rest);
  }

  change(where) {
    this.show(where);
    this.onChange(where);
  }

  show(where) {
    this.where = where;
    for (const input of slot('filter-facets').querySelectorAll('[data-facet][type="checkbox"]')) input.checked = [where[input.dataset.facet]].flat().includes(input.value);
    for (const box of slot('filter-facets').querySelectorAll('details')) box.querySelector('.facet-count').textContent = where[box.dataset.facet]?.length || '';
    const chips = Object.entries(timeless(where)).flatMap(([key, values]) => [values].flat().map((value) => this.chip(key, value)));
    slot('filter-chips').replaceChildren(...chips);
    slot('filter-clear').hidden = chips.length === 0;
    slot('filter-open').classList.toggle('is-on', chips.length > 0);
  }

  chip(key, value) {
    const name = this.names.get(`${key} ${value}`) ?? (FLAGS.includes(key) ? this.page.say(value === '1' ? `filter.${key}` : `filter.not_${key}`) : `${this.page.say(`filter.${key}`)} ${value}`);
    const chip = element('button', 'filter-chip', name);
    Object.assign(chip, { type: 'button', title: this.page.say('filter.remove', { name }) });
    Object.assign(chip.dataset, { key, value });
    chip.append(element('span', 'filter-chip-x', '×'));
    return chip;
  }
}

function choice(facet, value, name) {
  const label = element('label', 'choice');
  const input = element('input');
  Object.assign(input, { type: 'checkbox', value });
  input.dataset.facet = facet;
  label.append(input, element('span', '', name));
  return label;
}

function narrow(search) {
  const text = search.value.trim().toLowerCase();
  for (const label of search.parentElement.querySelectorAll('.choice')) label.hidden = Boolean(text) && !label.textContent.toLowerCase().includes(text);
}
