/* The registry's first page: how much is held where, of whom, and how well; areas and ages beside it; who lives in a building over it. */

import { readQuery, writeQuery } from './address.mjs';
import { button, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { setReached } from './reach.mjs';
import { atBuilding } from './registry_at.mjs';
import { figures } from './registry_figures.mjs';
import { Find } from './registry_find.mjs';
import { RegistryMap, scaleOf } from './registry_map.mjs';
import { stateOf } from './states.mjs';
import { shownTheme } from './theme.mjs';

const KINDS = ['person', 'household', 'enterprise'];
const MEASURES = ['density', 'missing', 'stale'];
const UNITS = ['building', 'cell', 'hex'];
const SORTS = ['n', 'missing', 'stale', 'name'];
const TABS = ['areas', 'ages'];
const ICONS = { person: 'user', household: 'users', enterprise: 'building-2', building: 'building-2', cell: 'grid-3x3', hex: 'circle-dot', density: 'chart-column', missing: 'circle-help', stale: 'history' };

export async function open(config) {
  const home = new Home(config);
  await home.load();
}

const oneOf = (known, value) => (known.includes(value) ? value : known[0]);

class Home {
  constructor(config) {
    this.page = new Page(config);
    const query = readQuery();
    Object.assign(this, { kind: oneOf(KINDS, query.get('kind')), measure: oneOf(MEASURES, query.get('measure')), unit: oneOf(UNITS, query.get('unit')), sort: oneOf(SORTS, query.get('sort')), tab: oneOf(TABS, query.get('tab')), level: query.get('level'), area: query.get('area'), at: Number(query.get('at')) || null });
  }

  async load() {
    const { page } = this;
    const query = new URLSearchParams({ lang: page.language, kind: this.kind, sort: this.sort, ...(this.level && { level: this.level }), ...(this.area && { area: this.area }) });
    try {
      const said = await get(page, `/api/registry?${query}`);
      setReached(true);
      page.follow({ city: { timezone: said.timezone }, now: said.now });
      slot('state').replaceChildren();
      Object.assign(this, { said, level: said.level });
      if (!said.ground.city) return this.nothing();
      this.begin();
      this.draw();
    } catch (error) {
      slot('state').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
    return undefined;
  }

  nothing() {
    const { page } = this;
    document.querySelector('.registry').dataset.empty = 'true';
    slot('state').replaceChildren(stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'library' }));
    document.body.dataset.ready = 'true';
  }

  /* Once: the map, the box to find by, the keys. */
  begin() {
    if (this.map) return;
    const { page, said } = this;
    const view = viewOf(location.hash);
    this.fits = !view;
    this.map = new RegistryMap({ ground: said.ground, page, view, onBuilding: (id) => this.openBuilding(id), onMove: () => this.remember() });
    if (said.may.includes('registry.read')) this.find = new Find(page, slot('find'));
    this.drawRooms();
    for (const tab of document.querySelectorAll('[data-tab]')) tab.addEventListener('click', () => this.choose(tab.dataset.tab));
    register('/', page.say('key.find'), () => this.find?.focus());
    register('p', page.say('key.kind'), () => this.set({ kind: next(KINDS, this.kind) }));
    register('m', page.say('key.measure'), () => this.set({ measure: next(MEASURES, this.measure) }));
    register('u', page.say('key.unit'), () => this.set({ unit: next(UNITS, this.unit) }));
    register('a', page.say('tab.areas'), () => this.choose('areas'));
    register('g', page.say('tab.ages'), () => this.choose('ages'));
    register('Escape', page.say('key.back'), () => this.closeBuilding() || this.setArea(null));
    addEventListener('needle:theme', () => this.drawAll());
    if (this.at) this.openBuilding(this.at, { fly: true });
  }

  drawRooms() {
    const { page, said } = this;
    const rooms = [['review', 'repeat'], ['import', 'upload'], ['keys', 'settings']].filter(([name]) => said.may.includes(`registry.${name}`));
    slot('rooms').replaceChildren(...rooms.map(([name, drawing]) => h('a', { class: 'desk-button', href: `/registry/${name}` }, icon(drawing), h('span', { text: page.say(`room.${name}`) }))));
  }

  draw() {
    const { page, said } = this;
    this.map.show({ kind: this.kind, measure: this.measure, unit: this.unit, area: this.area, layers: said.levels });
    if (this.fits && said.bounds) {
      this.map.fit(said.bounds);
      this.fits = false;
    }
    this.drawAll();
  }

  drawAll() {
    const { page, said } = this;
    const crumb = said.area ? [h('button', { type: 'button', class: 'cells-crumb', onclick: () => this.setArea(null) }, icon('x'), h('span', { text: said.area.name }))] : [];
    slot('figures').replaceChildren(...crumb, ...figures(page, said, this.kind, (kind) => this.set({ kind })));
    this.drawSwitches();
    this.drawLegend();
    this.drawPane();
    this.remember();
  }

  drawSwitches() {
    const { page } = this;
    const group = (name, values, value, label) => h('div', { class: 'registry-switch', role: 'group', 'aria-label': page.say(`switch.${name}`) }, values.map((one) => h('button', { type: 'button', 'data-switch': `${name}:${one}`, 'aria-pressed': String(one === value), title: label(one), onclick: () => this.set({ [name]: one }) }, icon(ICONS[one]), h('span', { text: label(one) }))));
    const focused = document.activeElement?.dataset?.switch;
    slot('switches').replaceChildren(group('kind', KINDS, this.kind, (one) => page.say(`kind.${one}`)), group('measure', MEASURES, this.measure, (one) => page.say(`measure.${one}`)), group('unit', UNITS, this.unit, (one) => page.say(`unit_of.${one}`)));
    if (focused) slot('switches').querySelector(`[data-switch="${focused}"]`)?.focus();
  }

  drawLegend() {
    const { page, kind, measure } = this;
    const { colours, stops } = scaleOf(measure, kind, shownTheme());
    const short = new Intl.NumberFormat(page.language === 'zh' ? 'zh-CN' : 'en', { notation: 'compact' });
    const word = (stop) => (measure === 'density' ? short.format(stop) : `${stop}%`);
    const swatch = (colour) => { const made = h('i'); made.style.background = colour; return made; };
    slot('legend').replaceChildren(
      h('p', { class: 'registry-legend-title', text: page.say(`legend.${measure}`, { kind: page.say(`kind.${kind}`) }) }),
      h('div', { class: 'registry-ramp' }, stops.map((stop, at) => h('span', {}, swatch(colours[at]), h('small', { text: word(stop) })))),
      h('p', { class: 'registry-few' }, h('i', { class: 'few-mark' }), page.say('legend.few', { n: this.said.least })));
  }

  /* --- areas and ages --------------------------------------------------------------------------------------------- */

  choose(tab) {
    this.tab = tab;
    this.drawPane();
    this.remember();
  }

  drawPane() {
    const { page, said, tab } = this;
    for (const one of document.querySelectorAll('[data-tab]')) one.setAttribute('aria-selected', String(one.dataset.tab === tab));
    slot('pane').setAttribute('aria-labelledby', `registry-tab-${tab}`);
    slot('ages').hidden = tab !== 'ages';
    if (tab === 'ages') {
      window.dash_clientside.set_props('registry-asked', { data: { area: this.area, lang: page.language, theme: document.documentElement.dataset.theme } });
      this.drawAges();
    } else {
      slot('pane').replaceChildren(...this.areas(said));
    }
  }

  areas(said) {
    const { page, kind } = this;
    const choice = (name, values, value, label, act) => h('label', { class: 'pane-choice' }, page.say(name), h('select', { value, onchange: ({ target }) => act(target.value) }, values.map((one) => h('option', { value: one, text: label(one), selected: one === value }))));
    const tools = h('div', { class: 'pane-tools' }, choice('level_of', said.levels, said.level, (one) => page.say(`level.${one}`), (level) => this.set({ level })), choice('sort_by', SORTS, this.sort, (one) => page.say(`sort.${one}`), (sort) => this.set({ sort })));
    if (!said.rows.length) return [tools, stateOf('empty', { title: page.say('rows_none'), text: page.say('rows_none_text'), icon: 'library' })];
    const heads = ['name', 'n', 'missing', 'stale'].map((name) => h('th', { scope: 'col', class: `column-${name}`, text: page.say(`column.${name}`) }));
    return [tools, h('table', { class: 'cells-table registry-table' }, h('caption', { class: 'unseen', text: page.say('tab.areas') }), h('thead', {}, h('tr', {}, heads)), h('tbody', {}, said.rows.map((row) => this.row(row, row.counts[kind]))))];
  }

  row(row, counts) {
    const { page } = this;
    const into = () => this.setArea(`${this.said.level}:${row.code}`);
    const share = (value) => h('td', { class: 'column-share' }, value === null ? '–' : h('span', { class: `registry-share${value >= 25 ? ' is-amiss' : ''}`, text: `${value}%` }));
    return h('tr', { tabindex: '0', 'data-code': row.code, onclick: into, onkeydown: ({ key }) => key === 'Enter' && into() },
      h('td', { class: 'column-name' }, h('span', { text: row.name })),
      h('td', { class: 'column-left', text: counts.n === null ? page.say('few', { n: this.said.least }) : page.number.format(counts.n) }), share(counts.missing), share(counts.stale));
  }

  /* What the picture shows, as numbers: for who reads it aloud, copies or prints it. */
  async drawAges() {
    const { page } = this;
    const query = this.area ? `?area=${encodeURIComponent(this.area)}` : '';
    const { bands } = await get(page, `/api/registry/pyramid${query}`).catch(() => ({ bands: [] }));
    if (this.tab !== 'ages') return;
    const cell = (n) => h('td', { text: n === null ? page.say('few', { n: this.said.least }) : page.number.format(n) });
    slot('pane').replaceChildren(h('table', { class: 'cells-table registry-bands' }, h('caption', { class: 'unseen', text: page.say('ages.about') }), h('thead', {}, h('tr', {}, ['ages', 'male', 'female'].map((name) => h('th', { scope: 'col', text: page.say(`band.${name}`) })))), h('tbody', {}, bands.toReversed().map((band) => h('tr', {}, h('td', { text: band.ages }), cell(band.male), cell(band.female))))));
  }

  set(changes) {
    Object.assign(this, changes);
    this.drawSwitches();
    this.load();
  }

  setArea(area) {
    if (this.area === area) return false;
    const inner = area && this.said.levels[this.said.levels.indexOf(area.split(':')[0]) + 1];
    Object.assign(this, { area, fits: true, level: area ? inner ?? this.level : null });
    this.load();
    return true;
  }

  /* --- a building ------------------------------------------------------------------------------------------------- */

  async openBuilding(id, { fly = false } = {}) {
    const { page } = this;
    if (!this.said.may.includes('registry.read')) return;
    this.at = id;
    const place = slot('at');
    place.hidden = false;
    try {
      const said = await get(page, `/api/registry/at/${id}?lang=${page.language}`);
      if (this.at !== id) return;
      this.map.mark(said.at, { fly });
      place.replaceChildren(...atBuilding(page, said, button('', 'arrow-left', () => this.closeBuilding(), { quiet: true, 'aria-label': page.say('key.back') })));
      place.querySelector('a')?.focus({ preventScroll: true });
    } catch (error) {
      place.replaceChildren(failure(page, error, () => this.openBuilding(id)));
    }
    this.remember();
  }

  closeBuilding() {
    if (!this.at) return false;
    this.at = null;
    slot('at').hidden = true;
    this.map.mark(null);
    this.remember();
    return true;
  }

  remember() {
    const unless = (value, usual) => (value === usual ? null : value);
    writeQuery({ kind: unless(this.kind, KINDS[0]), measure: unless(this.measure, MEASURES[0]), unit: unless(this.unit, UNITS[0]), sort: unless(this.sort, SORTS[0]), tab: unless(this.tab, TABS[0]), level: this.level, area: this.area, at: this.at }, this.map.written());
  }
}

const next = (all, now) => all[(all.indexOf(now) + 1) % all.length];

function viewOf(hash) {
  const view = hash.slice(1).split('/').map(Number);
  return view.length >= 3 && view.every(Number.isFinite) ? { zoom: view[0], center: [view[2], view[1]] } : null;
}
