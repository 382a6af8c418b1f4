/* The filters: flags, facets with the cases behind each value, words, times; what is chosen stands as chips. */

import { fromField, toField } from './city_time.mjs';
import { closeMenus, openMenu } from './desk_menu.mjs';
import { dateField } from './date_field.mjs';
import { element, slot } from './page.mjs';
import { moment, writeWhere } from './where.mjs';

const TYPING_MS = 220;
const MOST_VALUES = 400;
const FLAGS = ['open', 'overdue', 'urgent'];
const HOUR = 3600;
/** What has no list of its own to choose from stands as one chip. */
const WHOLE = ['id', 'hex', 'cell'];
const SPANS = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

export class Filters {
  constructor(desk) {
    this.desk = desk;
    this.names = new Map();
    this.search = this.makeSearch();
    const bar = document.querySelector('.desk-filters');
    bar.addEventListener('click', (event) => this.clicked(event));
    slot('clear').addEventListener('click', () => desk.setWhere({}));
    this.learnNames();
  }

  makeSearch() {
    const input = Object.assign(element('input'), { type: 'search', placeholder: this.desk.page.say('search_hint'), spellcheck: false, autocomplete: 'off' });
    input.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.put('text', input.value.trim() || undefined), TYPING_MS);
    });
    input.addEventListener('keydown', (event) => event.key === 'Enter' && input.blur());
    slot('search').replaceChildren(input);
    return input;
  }

  focusSearch() {
    this.search.focus();
    this.search.select();
  }

  clicked(event) {
    const flag = event.target.closest('[data-flag]')?.dataset.flag;
    const facet = event.target.closest('[data-facet]');
    const chip = event.target.closest('[data-chip]');
    if (flag) this.put(flag, this.desk.where[flag] === '1' ? undefined : '1');
    else if (chip) this.drop(chip.dataset.chip, chip.dataset.value);
    else if (facet && facet.getAttribute('aria-expanded') === 'true') closeMenus();
    else if (facet) this.open(facet);
  }

  put(key, value) {
    const { [key]: before, ...rest } = this.desk.where;
    if (before === value) return;
    this.desk.setWhere(value === undefined || value.length === 0 ? rest : { ...rest, [key]: value });
  }

  drop(key, value) {
    const now = this.desk.where[key];
    this.put(key, Array.isArray(now) ? now.filter((one) => one !== value) : undefined);
    if (key === 'from') this.put('to', undefined);
    if (key === 'due_from') this.put('due_to', undefined);
    if (WHOLE.includes(key)) this.put(key, undefined);
  }

  /* --- a facet's panel --- */

  async open(button) {
    const facet = button.dataset.facet;
    const panel = slot(`facet-${facet}`);
    if (facet === 'time') panel.replaceChildren(...this.times());
    else panel.replaceChildren(element('p', 'desk-wait', this.desk.page.say('loading')));
    openMenu(button);
    if (facet === 'area') this.areaPanel(panel, this.layer ?? this.desk.columns.usual.find((key) => key.startsWith('area:')));
    else if (facet !== 'time') this.fill(panel, facet, facet);
  }

  /** The values of a facet with the cases behind each, the most first; words narrow them down. */
  async fill(panel, facet, key, before = []) {
    const where = writeWhere(this.desk.where);
    const answer = await fetch(`/api/desk/facet/${facet}?${where}&lang=${this.desk.page.language}`).catch(() => null);
    if (!answer?.ok) return panel.replaceChildren(element('p', 'desk-wait', this.desk.page.say(answer ? 'failed' : 'offline.text')));
    const { values } = await answer.json();
    const said = key === 'area' ? (code) => `${facet.slice(5)}:${code}` : (code) => code;
    for (const [code, name] of values) this.names.set(`${key} ${said(code)}`, name);
    const chosen = new Set(this.desk.where[key] ?? []);
    const ranked = values.filter(([code, , , n]) => n || chosen.has(said(code))).sort((a, b) => chosen.has(said(b[0])) - chosen.has(said(a[0])) || b[3] - a[3]);
    const search = this.narrowing();
    const list = element('div', 'desk-list');
    const draw = () => {
      const text = search.value.trim().toLowerCase();
      const found = ranked.filter(([, name]) => !text || name.toLowerCase().includes(text)).slice(0, MOST_VALUES);
      list.replaceChildren(...found.map(([code, name, , n]) => this.choice(key, said(code), name, n)));
      if (!found.length) list.append(element('p', 'desk-wait', this.desk.page.say('no_value')));
    };
    search.addEventListener('input', draw);
    draw();
    panel.replaceChildren(...before, ...(ranked.length > 10 ? [search] : []), list);
    return panel.querySelector('input')?.focus({ preventScroll: true });
  }

  narrowing() {
    const search = Object.assign(element('input', 'desk-narrow'), { type: 'search', placeholder: this.desk.page.say('narrow'), spellcheck: false });
    search.setAttribute('aria-label', this.desk.page.say('narrow'));
    return search;
  }

  choice(key, value, name, n) {
    const label = element('label', 'desk-choice');
    const box = Object.assign(element('input'), { type: 'checkbox', checked: (this.desk.where[key] ?? []).includes(value) });
    box.addEventListener('change', () => {
      const now = this.desk.where[key] ?? [];
      this.putQuietly(key, box.checked ? [...now, value].sort() : now.filter((one) => one !== value));
    });
    label.append(box, element('span', '', name), element('span', 'desk-n', this.desk.page.number.format(n)));
    return label;
  }

  /* The panel stays open while values are ticked. */
  putQuietly(key, values) {
    const button = document.querySelector('[data-facet][aria-expanded="true"]');
    const { [key]: _before, ...rest } = this.desk.where;
    this.desk.setWhere(values.length ? { ...rest, [key]: values } : rest);
    if (!button) return;
    button.setAttribute('aria-expanded', 'true');
    button.nextElementSibling.hidden = false;
  }

  areaPanel(panel, facet) {
    this.layer = facet;
    const tabs = element('div', 'desk-tabs');
    tabs.append(...this.desk.layers.map((layer) => {
      const tab = Object.assign(element('button', '', this.desk.page.pick(layer.title)), { type: 'button' });
      tab.setAttribute('aria-pressed', String(facet === `area:${layer.name}`));
      tab.addEventListener('click', (event) => {
        event.stopPropagation();
        this.areaPanel(panel, `area:${layer.name}`);
      });
      return tab;
    }));
    this.fill(panel, facet, 'area', [tabs]);
  }

  /* --- times --- */

  times() {
    const { page } = this.desk;
    const spans = element('div', 'desk-tabs');
    spans.append(...Object.entries(SPANS).map(([name, span]) => {
      const button = Object.assign(element('button', '', page.say(`span.${name}`)), { type: 'button' });
      button.addEventListener('click', () => this.setTimes(Math.floor(page.now() - span), null));
      return button;
    }));
    const [from, to] = ['from', 'to'].map((key) => this.timeField(key));
    const take = Object.assign(element('button', 'desk-button', page.say('apply')), { type: 'button' });
    take.addEventListener('click', () => this.setTimes(...[from, to].map((field) => (field.read() ? fromField(field.read(), page.timezone) : null))));
    return [spans, from.label, to.label, take];
  }

  timeField(key) {
    const { page } = this.desk;
    const label = element('label', 'desk-field', page.say(`time.${key}`));
    const now = moment(this.desk.where[key]);
    const field = dateField(page, { time: true, value: now ? toField(now, page.timezone) : '', label: page.say(`time.${key}`) });
    label.append(field.node);
    return { label, read: field.read };
  }

  setTimes(from, to) {
    const { from: _from, to: _to, ...rest } = this.desk.where;
    this.desk.setWhere({ ...rest, ...(from && { from: String(from) }), ...(to && { to: String(to) }) });
  }

  /* --- what is chosen --- */

  show() {
    const { where } = this.desk;
    if (document.activeElement !== this.search) this.search.value = where.text ?? '';
    for (const button of document.querySelectorAll('[data-flag]')) button.setAttribute('aria-pressed', String(where[button.dataset.flag] === '1'));
    for (const button of document.querySelectorAll('[data-facet]')) this.count(button, where);
    const quiet = this.desk.queues?.isOpen;
    const chips = Object.entries(where).filter(([key]) => !FLAGS.includes(key) && !(quiet && (key === 'state' || key === 'id')) && key !== 'text' && !(key === 'to' && where.from) && !(key === 'due_to' && where.due_from)).flatMap(([key, values]) => [values].flat().slice(0, WHOLE.includes(key) ? 1 : undefined).map((value) => this.chip(key, value)));
    slot('chips').replaceChildren(...chips);
    slot('clear').hidden = this.desk.isWhole;
  }

  count(button, where) {
    const key = button.dataset.facet;
    const n = key === 'time' ? Number(Boolean(where.from || where.to)) : where[key]?.length ?? 0;
    button.classList.toggle('is-on', n > 0);
    button.querySelector('.desk-count').textContent = n || '';
  }

  chip(key, value) {
    const chip = Object.assign(element('button', 'desk-chip', this.chipText(key, value)), { type: 'button', title: this.desk.page.say('remove') });
    Object.assign(chip.dataset, { chip: key, value });
    chip.append(element('span', 'icon icon-x'));
    return chip;
  }

  chipText(key, value) {
    const { page, where } = this.desk;
    if (key === 'polygon' || key === 'box') return page.say(`chip.${key}`);
    if (WHOLE.includes(key)) return page.say(`chip.${key}`, { n: page.number.format([where[key]].flat().length) });
    if (key === 'judged') return page.say(`judged.${value}`);
    if (key === 'due_from' || key === 'due_to') return page.say('chip.due', { span: [where.due_from, where.due_to].map((time) => (time ? page.moment(moment(time)) : '…')).join(' – ') });
    if (key === 'from' || key === 'to') return [where.from, where.to].map((time) => (time ? page.moment(moment(time)) : '…')).join(' – ');
    return this.names.get(`${key} ${value}`) ?? value;
  }

  /** Names of what the address brought. */
  async learnNames() {
    const { where, page } = this.desk;
    const facets = [...['channel', 'matter', 'major', 'state', 'department', 'team'].filter((key) => where[key]?.some((value) => !this.names.has(`${key} ${value}`))).map((key) => [key, key, '']),
      ...new Set((where.area ?? []).map((area) => area.split(':')[0]))].map((one) => (Array.isArray(one) ? one : [`area:${one}`, 'area', `${one}:`]));
    await Promise.all(facets.map(async ([facet, key, prefix]) => {
      const answer = await fetch(`/api/desk/facet/${facet}?lang=${page.language}`).catch(() => null);
      if (answer?.ok) for (const [code, name] of (await answer.json()).values) this.names.set(`${key} ${prefix}${code}`, name);
    }));
    if (facets.length) this.show();
  }
}
