/* Patrol coverage: what of the cells was seen within sight of a way, when last, by whom; a cell with its gaps; a worker's day. */

import { readQuery, writeQuery } from './address.mjs';
import { fileButton } from './file_job.mjs';
import { failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, setText, slot } from './page.mjs';
import { PatrolMap } from './patrol_map.mjs';
import { MEASURES, scaleOf } from './patrol_measures.mjs';
import { areasPane, cellPane, choice, figures, workersPane } from './patrol_panes.mjs';
import { Replay } from './patrol_replay.mjs';
import { setReached } from './reach.mjs';
import { shownTheme } from './theme.mjs';

const TABS = ['areas', 'workers'];
const SPANS = ['1', '7', '28'];
const LOOK_MS = 60_000;

export async function startPatrol(config) {
  await new Patrol(config).begin();
}

class Patrol {
  constructor(config) {
    this.page = new Page(config);
    const query = readQuery(), one = (key, known, otherwise) => (known.includes(query.get(key)) ? query.get(key) : otherwise);
    Object.assign(this, {
      days: one('days', SPANS, '7'), measure: one('measure', Object.keys(MEASURES), 'streets'), tab: one('tab', TABS, 'areas'), sort: query.get('sort') ?? 'streets',
      level: query.get('level'), area: query.get('area'), cell: query.get('cell'), worker: query.get('worker'), day: query.get('day'), to: query.get('to'),
    });
  }

  async begin() {
    this.frame();
    try {
      const said = await this.ask();
      this.open(said);
      await this.draw(said, { fit: true });
      if (this.worker) await this.openWorker({ account: this.worker });
      else if (this.cell) await this.openCell(this.cell);
      document.body.dataset.ready = 'true';
      setInterval(() => document.hidden || this.replay.day || this.refresh(), LOOK_MS);
    } catch (error) {
      slot('state').replaceChildren(failure(this.page, error, () => this.begin()));
    }
  }

  /** The page's places, in place of those of the other view. */
  frame() {
    const { page } = this;
    document.querySelector('.cells').classList.add('is-patrol');
    const spans = h('div', { class: 'indicators-choices', role: 'group', 'aria-label': page.say('patrol.period') }, SPANS.map((days) => h('button', { type: 'button', class: 'choice', 'data-days': days, text: page.say(`patrol.span.${days}`), onclick: () => this.set({ days, to: null }) })));
    const step = (by, drawing, words) => h('button', { type: 'button', class: 'icon-button', 'aria-label': page.say(words), title: page.say(words), 'data-step': by, onclick: () => this.move(by) }, icon(drawing));
    slot('asking').replaceChildren(spans, step(-1, 'chevron-left', 'patrol.earlier'), step(1, 'chevron-right', 'patrol.later'));
    slot('files').replaceChildren();
    this.bar = h('section', { class: 'replay-bar panel', hidden: true, 'aria-label': page.say('patrol.clock') });
    document.querySelector('.cells-map').append(h('div', { class: 'patrol-measure' }), this.bar);
    const tabs = document.querySelector('.cells-tabs');
    tabs.replaceChildren(...TABS.map((tab) => h('button', { type: 'button', role: 'tab', id: `cells-tab-${tab}`, 'data-tab': tab, text: page.say(`patrol.tab.${tab}`), onclick: () => this.choose(tab) })));
  }

  open(said) {
    const { page } = this;
    setReached(true);
    page.follow({ city: { timezone: said.timezone }, now: said.now });
    if (this.map) return;
    const view = viewOf(location.hash);
    this.fits = !view;
    this.map = new PatrolMap({ ground: said.ground, page, view, onCell: (id) => this.openId(id), onCase: (id) => window.open(`/desk?case=${id}`, '_self'), onMove: () => this.remember() });
    this.replay = new Replay({ page, map: this.map, host: slot('doors'), bar: this.bar, onClose: () => this.closeSide(), onDay: (day) => { this.day = day; this.remember(); } });
    slot('print').addEventListener('click', () => print());
    addEventListener('needle:theme', () => this.drawLegend());
    register('a', page.say('patrol.tab.areas'), () => this.choose('areas'));
    register('w', page.say('patrol.tab.workers'), () => this.choose('workers'));
    register('Escape', page.say('key.back'), () => this.back());
  }

  ask() {
    const { level, sort, area, days, to } = this;
    return get(this.page, `/api/patrol?${new URLSearchParams({ days, sort, ...(to && { to }), ...(level && { level }), ...(area && { area }) })}`);
  }

  async refresh({ fit = false } = {}) {
    try {
      await this.draw(await this.ask(), { fit });
    } catch (error) {
      slot('state').replaceChildren(failure(this.page, error, () => this.refresh({ fit })));
    }
  }

  async draw(said, { fit }) {
    const { page } = this;
    Object.assign(this, { said, level: said.level });
    slot('state').replaceChildren();
    setText(slot('total'), page.say('patrol.span_said', { first: said.period.first, last: said.period.last }));
    for (const button of document.querySelectorAll('[data-days]')) button.setAttribute('aria-pressed', String(button.dataset.days === this.days));
    document.querySelector('[data-step="1"]').disabled = !this.to;
    slot('figures').replaceChildren(...figures(page, said, () => this.set({ area: null, level: null })));
    this.drawMeasure();
    this.drawPane();
    const shown = this.map.show({ days: Number(this.days), last: said.period.last, mark: said.mark, levels: said.levels, measure: this.measure });
    if (fit && this.fits) this.map.fit(said.bounds);
    this.fits = true;
    await shown;
    this.remember();
  }

  drawMeasure() {
    const { page } = this;
    document.querySelector('.patrol-measure').replaceChildren(choice(page.say('patrol.measure'), Object.keys(MEASURES).map((name) => [name, page.say(`patrol.sort.${name}`)]), this.measure, (measure) => { this.measure = measure; this.drawLegend(); this.map.show({ ...this.map.asked, measure }); this.remember(); }));
    this.drawLegend();
  }

  drawLegend() {
    const { page } = this, { classes } = scaleOf(page, this.measure, shownTheme());
    const rows = classes.map(({ colour, words }) => {
      const swatch = h('span', { class: 'dot patrol-swatch', 'aria-hidden': 'true' });
      swatch.style.setProperty('--colour', colour);
      return h('li', {}, swatch, h('span', { text: words }));
    });
    slot('legend').replaceChildren(h('b', { text: page.say(`patrol.sort.${this.measure}`) }), h('ul', { class: 'cells-tones' }, rows), this.cell ? h('p', { class: 'patrol-gap-sign' }, h('i'), h('span', { text: page.say('patrol.gap_sign') })) : '');
  }

  drawPane() {
    const { page, said, tab } = this;
    for (const one of document.querySelectorAll('[data-tab]')) one.setAttribute('aria-selected', String(one.dataset.tab === tab));
    const pane = tab === 'workers'
      ? workersPane(page, said, { onSheet: this.said.may.includes('replay') ? (whose) => this.sheet(whose) : null, onWorker: (worker) => this.openWorker(worker), onArea: (worker) => this.set({ area: worker.areas[0], level: null, tab: 'areas' }) })
      : areasPane(page, said, { onLevel: (level) => this.set({ level }), onSort: (sort) => this.set({ sort }), onRow: (row, level) => this.into(row, level) });
    slot('pane').setAttribute('aria-labelledby', `cells-tab-${tab}`);
    slot('pane').replaceChildren(...pane);
  }

  /** The sheet of the week that is shown, of a cell or a worker. */
  sheet(whose) {
    const { page } = this;
    return fileButton(page, { formats: ['pdf', 'xlsx'], address: () => '/api/patrol/sheets', query: (format) => `${whose}&${new URLSearchParams({ format, to: this.said.period.last, lang: page.language })}`, note: page.say('patrol.sheet.note') });
  }

  choose(tab) {
    this.tab = tab;
    this.drawPane();
    this.remember();
  }

  set(changes) {
    const fit = 'area' in changes;
    Object.assign(this, changes);
    return this.refresh({ fit });
  }

  /** The period before, or the one after. */
  move(by) {
    const { first, last } = this.said.period, day = 86_400_000;
    const next = new Date(by < 0 ? Date.parse(first) - day : Date.parse(last) + Number(this.days) * day).toISOString().slice(0, 10);
    const today = new Date(this.page.now() * 1000).toISOString().slice(0, 10);
    this.set({ to: next >= today ? null : next });
  }

  into(row, level) {
    const next = this.said.levels[this.said.levels.indexOf(level) + 1];
    return next ? this.set({ area: `${level}:${row.code}`, level: next }) : this.openCell(row.code, { go: true });
  }

  /* --- one cell, one worker -------------------------------------------------------------------------------------- */

  async openId(id) {
    const { code } = await get(this.page, `/api/patrol/cells/${id}`);
    return this.openCell(code);
  }

  async openCell(code, { go = false } = {}) {
    const { page } = this;
    this.replay.close();
    const query = new URLSearchParams({ days: this.days, ...(this.to && { to: this.to }) });
    const cell = await get(page, `/api/patrol/cell/${encodeURIComponent(code)}?${query}`);
    this.cell = code;
    this.side(cell.name, cellPane(page, cell, this.said.now, { may: this.said.may, sheet: this.said.may.includes('workers') ? this.sheet(`cell=${encodeURIComponent(code)}`) : null, onNeighbour: (next) => this.openCell(next, { go: true }), onWorker: (worker) => this.openWorker(worker) }));
    this.map.choose(cell.id);
    this.map.drawGaps(cell.gaps);
    if (go) this.map.goTo(cell.at);
    this.drawLegend();
    this.remember();
  }

  side(title, content) {
    const { page } = this, host = slot('doors');
    host.hidden = false;
    host.setAttribute('aria-label', title);
    host.replaceChildren(h('header', { class: 'doors-head' }, h('button', { type: 'button', class: 'doors-back', 'aria-label': page.say('patrol.back'), onclick: () => this.closeSide() }, icon('arrow-left')), h('h2', { text: title })), h('div', { class: 'doors-list patrol-cell' }, content));
    document.querySelector('.cells').dataset.doors = 'open';
    host.querySelector('.doors-back').focus({ preventScroll: true });
  }

  async openWorker({ account }) {
    try {
      this.worker = String(account);
      slot('doors').hidden = false;
      document.querySelector('.cells').dataset.doors = 'open';
      await this.replay.open(account, this.day);
    } catch (error) {
      this.closeSide();
      slot('state').replaceChildren(failure(this.page, error, () => this.openWorker({ account })));
    }
    this.remember();
  }

  closeSide() {
    Object.assign(this, { cell: null, worker: null, day: null });
    slot('doors').hidden = true;
    delete document.querySelector('.cells').dataset.doors;
    this.map.choose(null);
    this.map.drawGaps([]);
    this.drawLegend();
    this.remember();
  }

  back() {
    if (!slot('doors').hidden) return this.replay.day ? this.replay.close() : this.closeSide();
    return this.area ? this.set({ area: null, level: null }) : false;
  }

  remember() {
    const plain = (value, usual) => (value === usual ? null : value);
    writeQuery({ days: plain(this.days, '7'), to: this.to, measure: plain(this.measure, 'streets'), sort: plain(this.sort, 'streets'), level: this.level, area: this.area, tab: plain(this.tab, 'areas'), cell: this.cell, worker: this.worker, day: this.day }, this.map?.written());
  }
}

function viewOf(hash) {
  const view = hash.slice(1).split('/').map(Number);
  return view.length >= 3 && view.every(Number.isFinite) ? { zoom: view[0], center: [view[2], view[1]] } : null;
}
