/* Coverage: the map of an asking, what is left beside it, who goes there, the doors. A new answer is seen at once: the socket says what
   changed, the map lays it over its tiles, rows and figures take their new numbers. */

import { readQuery, writeQuery } from './address.mjs';
import { colours, CellsMap } from './cells_map.mjs';
import { OUTCOMES } from './cells_counts.mjs';
import { Doors } from './cells_doors.mjs';
import { figures } from './cells_figures.mjs';
import { areaRow, areasPane, routePane, workersPane } from './cells_panes.mjs';
import { fileButton } from './file_job.mjs';
import { register } from './keys.mjs';
import { get, give, Refusal } from './office.mjs';
import { element, Page, setText, slot } from './page.mjs';
import { isReached, setReached } from './reach.mjs';
import { SIGNED_OUT, signIn } from './session.mjs';
import { stateOf } from './states.mjs';

const AGAIN_MS = 1_200;
const SETTLE_MS = 1_500;
const FORMATS = ['xlsx', 'csv', 'gpkg'];
const TABS = ['areas', 'workers', 'route'];

export async function start(config) {
  const patrol = location.pathname.endsWith('/patrol');
  document.querySelector(`[data-view="${patrol ? 'patrol' : 'forms'}"]`).setAttribute('aria-current', 'true');
  if (patrol) return (await import('./patrol.mjs')).startPatrol(config);
  const cells = new Cells(config);
  return cells.begin();
}

class Cells {
  constructor(config) {
    this.page = new Page(config);
    const query = readQuery();
    Object.assign(this, { asking: Number(query.get('asking')) || null, area: query.get('area'), level: query.get('level'), sort: query.get('sort') ?? 'left', tab: TABS.includes(query.get('tab')) ? query.get('tab') : 'areas', at: query.get('at') });
  }

  async begin() {
    const { page } = this;
    try {
      const said = await get(page, '/api/coverage');
      setReached(true);
      page.follow({ city: { timezone: said.timezone }, now: said.now });
      if (!said.askings.length || !said.ground.city) return this.nothing();
      this.askings = said.askings;
      if (!said.askings.some(({ id }) => id === this.asking)) this.asking = said.askings[0].id;
      this.open(said.ground);
    } catch (error) {
      this.failed(error, () => this.begin());
    }
    return undefined;
  }

  /** Before anybody was asked: say how to begin. */
  nothing() {
    const { page } = this;
    slot('state').replaceChildren(stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'inbox' }));
    document.querySelector('.cells').dataset.empty = 'true';
    document.body.dataset.ready = 'true';
  }

  open(ground) {
    const { page } = this;
    const view = viewOf(location.hash);
    this.fits = !view;
    this.map = new CellsMap({ ground, page, view, onBuilding: (id) => this.openBuilding(id), onMove: () => this.remember() });
    this.doors = new Doors({ page, may: () => this.said?.may ?? [], onClose: () => this.closed(), onShown: (building) => this.shown(building) });
    this.drawChooser();
    for (const tab of document.querySelectorAll('[data-tab]')) tab.addEventListener('click', () => this.choose(tab.dataset.tab));
    slot('files').replaceChildren(this.files());
    slot('print').addEventListener('click', () => print());
    register('a', page.say('tab.areas'), () => this.choose('areas'));
    register('w', page.say('tab.workers'), () => this.choose('workers'));
    register('r', page.say('tab.route'), () => this.choose('route'));
    register('j', page.say('key.next'), () => step(1));
    register('k', page.say('key.previous'), () => step(-1));
    register('Escape', page.say('key.back'), () => this.doors.close() || this.setArea(null));
    this.ask();
  }

  /** Files of the buildings that are shown. */
  files() {
    const { page } = this;
    const query = (format) => new URLSearchParams({ format, lang: page.language, ...(this.area && { area: this.area }) });
    return fileButton(page, { formats: FORMATS, address: () => `/api/coverage/${this.asking}/files`, query, note: page.say('file_note') });
  }

  drawChooser() {
    const { page } = this;
    const select = document.createElement('select');
    select.setAttribute('aria-label', page.say('asking'));
    select.append(...this.askings.map(({ id, title, asks }) => Object.assign(document.createElement('option'), { value: id, textContent: `${title} · ${asks}` })));
    select.value = this.asking;
    select.addEventListener('change', () => {
      Object.assign(this, { asking: Number(select.value), area: null, fits: true, walk: null });
      this.doors.close();
      this.ask();
    });
    slot('asking').replaceChildren(select);
  }

  /* --- the asking ----------------------------------------------------------------------------------------------- */

  /** Show the chosen asking: its tiles, its numbers, and every change from now on. */
  async ask() {
    this.listen();
    await this.load({ whole: true });
  }

  async load({ whole = false } = {}) {
    const { page } = this;
    const query = new URLSearchParams({ lang: page.language, sort: this.sort, ...(this.level && { level: this.level }), ...(this.area && { area: this.area }) });
    try {
      const said = await get(page, `/api/coverage/${this.asking}?${query}`);
      setReached(true);
      slot('state').replaceChildren();
      Object.assign(this, { said, level: said.level });
      if (whole) await this.map.show(this.asking, said.levels.slice(0, -1));
      if (this.fits) this.map.fit(said.bounds);
      this.fits = false;
      this.draw();
      if (whole && this.at) await this.doors.open(this.asking, this.at);
      document.body.dataset.ready = 'true';
    } catch (error) {
      this.failed(error, () => this.load({ whole }));
    }
  }

  draw() {
    const { said } = this;
    this.drawNumbers();
    this.drawLegend();
    slot('files').hidden = !said.may.includes('export');
    this.drawPane();
    this.remember();
  }

  drawNumbers() {
    const { page, said } = this;
    const asking = this.askings.find(({ id }) => id === this.asking);
    setText(slot('total'), page.say('until', { time: page.moment(asking.until) }));
    const crumb = [];
    if (said.area) {
      const back = Object.assign(element('button', 'cells-crumb'), { type: 'button' });
      back.append(element('span', 'icon icon-x'), element('span', '', said.area.name));
      back.addEventListener('click', () => this.setArea(null));
      crumb.push(back);
    }
    slot('figures').replaceChildren(...crumb, ...figures(page, said.total));
  }

  drawLegend() {
    const { page } = this;
    const made = element('ul', 'cells-tones');
    for (const outcome of OUTCOMES) {
      const line = element('li');
      line.append(element('span', `dot tone-${outcome}`), element('span', '', page.say(`outcome.${outcome}`)));
      made.append(line);
    }
    const door = element('li');
    door.append(element('span', 'dot dot-door'), element('span', '', page.say('legend.door')));
    made.append(door);
    const ramp = element('p', 'cells-ramp');
    ramp.append(element('span', '', '0'), element('i'), element('span', '', '100%'), element('span', '', page.say('legend.share')));
    slot('legend').replaceChildren(made, ramp);
    slot('legend').style.setProperty('--answered', colours(document.documentElement.dataset.theme).answered);
  }

  drawPane() {
    const { page, said, tab } = this;
    /* What comes while somebody writes does not take the field away. */
    if (slot('pane').dataset.pane === tab && slot('pane').querySelector('form input:focus')) return;
    for (const one of document.querySelectorAll('[data-tab]')) one.setAttribute('aria-selected', String(one.dataset.tab === tab));
    const pane = {
      areas: () => areasPane(page, said, { sort: this.sort, onLevel: (level) => this.set({ level }), onSort: (sort) => this.set({ sort }), onRow: (row, level) => this.into(row, level) }),
      workers: () => workersPane(page, said, { onTarget: (target) => this.setTarget(target), onArea: (worker) => worker.areas.length && this.setArea(`cell:${worker.areas[0]}`) }),
      route: () => routePane(page, this.walk, { onPlan: () => this.plan(), onHere: () => this.planHere(), onStop: (stop) => this.openPlace(stop.code, { fly: true }) }),
    }[tab];
    slot('pane').setAttribute('aria-labelledby', `cells-tab-${tab}`);
    slot('pane').dataset.pane = tab;
    slot('pane').replaceChildren(...pane());
  }

  choose(tab) {
    this.tab = tab;
    this.drawPane();
    this.remember();
    if (tab === 'route' && !this.walk) this.plan();
  }

  set(changes) {
    Object.assign(this, changes);
    this.load();
  }

  setArea(area) {
    if (this.area === area) return false;
    Object.assign(this, { area, fits: true, walk: null, ...(area?.startsWith('cell:') && { level: 'building' }), ...(!area && { level: null }) });
    this.map.drawWalk([]);
    this.load();
    return true;
  }

  into(row, level) {
    if (level === 'building') return this.openPlace(row.code, { fly: true });
    const next = this.said.levels[this.said.levels.indexOf(level) + 1];
    this.level = next;
    return this.setArea(`${level}:${row.code}`);
  }

  async setTarget(target) {
    document.activeElement?.blur();
    try {
      await give(this.page, `/api/coverage/${this.asking}/targets`, target);
      await this.load();
    } catch (error) {
      slot('pane').prepend(stateOf('failed', { text: error.message }));
    }
  }

  /* --- the walk --------------------------------------------------------------------------------------------------- */

  async plan(from) {
    const query = new URLSearchParams({ ...(this.area && { area: this.area }), ...(from && { lng: from[0], lat: from[1] }) });
    try {
      this.walk = await get(this.page, `/api/coverage/${this.asking}/route?${query}`);
      this.from = from;
      this.map.drawWalk(this.walk.stops);
    } catch (error) {
      this.walk = { problem: error.message };
    }
    if (this.tab === 'route') this.drawPane();
  }

  planHere() {
    navigator.geolocation?.getCurrentPosition(({ coords }) => this.plan([coords.longitude, coords.latitude]), () => this.plan());
  }

  /* --- the doors -------------------------------------------------------------------------------------------------- */

  async openBuilding(id) {
    const { code } = await get(this.page, `/api/coverage/buildings/${id}`);
    await this.openPlace(code);
  }

  async openPlace(code, { fly = false } = {}) {
    Object.assign(this, { at: code, fly });
    await this.doors.open(this.asking, code);
    this.remember();
  }

  shown({ at }) {
    this.map.mark(at, { fly: this.fly });
    this.fly = false;
  }

  closed() {
    this.at = null;
    this.map.mark(null);
    this.remember();
  }

  /* --- live ------------------------------------------------------------------------------------------------------- */

  listen() {
    this.socket?.close();
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/coverage/${this.asking}`));
    socket.addEventListener('open', () => {
      if (this.missed) this.reload();
      this.missed = false;
    });
    socket.addEventListener('message', ({ data }) => socket === this.socket && this.hear(JSON.parse(data)));
    socket.addEventListener('close', ({ code }) => {
      if (socket !== this.socket) return;
      if (code === SIGNED_OUT) return void signIn();
      this.missed = true;
      setTimeout(() => socket === this.socket && this.listen(), AGAIN_MS);
    });
  }

  hear(said) {
    if (said.kind === 'reload') return this.reload();
    this.map.patch(said.features);
    document.querySelector('.cells').dataset.heard = String(Number(document.querySelector('.cells').dataset.heard ?? 0) + 1);
    if (!this.said) return undefined;
    if (!this.area) this.said.total = said.total;
    if (!this.area) this.drawNumbers();
    this.patchRows(said.areas[this.level] ?? []);
    this.doors.load();
    this.settle();
    return undefined;
  }

  patchRows(areas) {
    for (const [code, ...counts] of areas) {
      const row = this.said.rows.find((one) => one.code === code);
      const shown = this.tab === 'areas' && row && slot('pane').querySelector(`tr[data-code="${CSS.escape(code)}"]`);
      if (!shown) continue;
      row.counts = counts;
      const made = areaRow(this.page, row, this.level, (one, level) => this.into(one, level));
      const focused = shown === document.activeElement;
      shown.replaceWith(made);
      if (focused) made.focus({ preventScroll: true });
    }
  }

  /* The order of rows, workers and what an area's figures are: a moment later, once for many changes; never under a field that is written in. */
  settle() {
    this.due ??= setTimeout(() => {
      this.due = null;
      if (slot('pane').contains(document.activeElement) && document.activeElement.matches('input, select')) return this.settle();
      return this.load();
    }, SETTLE_MS);
  }

  reload() {
    this.map.reload();
    this.load();
    this.doors.load();
  }

  /* --- state ------------------------------------------------------------------------------------------------------ */

  remember() {
    writeQuery({ asking: this.asking, area: this.area, level: this.level, sort: this.sort === 'left' ? null : this.sort, tab: this.tab === 'areas' ? null : this.tab, at: this.at }, this.map.written());
  }

  failed(error, again) {
    if (error instanceof Refusal && error.status === 503) {
      slot('state').replaceChildren(stateOf('loading', { text: error.message }));
      setTimeout(again, AGAIN_MS);
    } else if (!isReached()) {
      slot('state').replaceChildren(stateOf('offline', { title: this.page.say('offline.title'), text: this.page.say('offline.text') }));
      addEventListener('needle:reach', ({ detail }) => detail && again(), { once: true });
    } else {
      slot('state').replaceChildren(stateOf('failed', { title: this.page.say('failed'), text: error.message, action: { words: this.page.say('retry'), act: again } }));
      document.body.dataset.ready = 'true';
    }
  }
}

function step(by) {
  const rows = [...slot('pane').querySelectorAll('tr[data-code], .route-stop')];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

function viewOf(hash) {
  const view = hash.slice(1).split('/').map(Number);
  return view.length >= 3 && view.every(Number.isFinite) ? { zoom: view[0], center: [view[2], view[1]] } : null;
}
