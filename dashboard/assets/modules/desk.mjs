/* The desk: one state (filter, order, case, columns, map) that the address keeps, and the parts that show it. */

import { readQuery, writeQuery } from './address.mjs';
import { Actions } from './desk_actions.mjs';
import { Columns } from './desk_columns.mjs';
import { Drawer } from './desk_drawer.mjs';
import { Filters } from './desk_filters.mjs';
import { Grid } from './desk_grid.mjs';
import { DeskMap } from './desk_map.mjs';
import { closeMenus, watchMenus } from './desk_menu.mjs';
import { News } from './desk_news.mjs';
import { Queues } from './desk_queues.mjs';
import { ViewsMenu } from './desk_views.mjs';
import { FileMenu } from './file_job.mjs';
import { register } from './keys.mjs';
import { Page, setText, slot } from './page.mjs';
import { isReached } from './reach.mjs';
import { stateOf } from './states.mjs';
import { Surges } from './surges.mjs';
import { WHERE_KEYS, readWhere, writeWhere } from './where.mjs';

const LOOK_AGAIN_MS = 1_500;
const USUAL_ORDER = 'queue';
const FORMATS = ['xlsx', 'csv', 'geojson', 'gpkg'];

export async function start(config) {
  const desk = new Desk(config);
  document.title = desk.page.say('title');
  await desk.open();
  window.needleDesk = desk;
  return desk;
}

class Desk {
  constructor(config) {
    this.config = config;
    this.page = new Page(config);
    this.mapPage = new Page({ ...config, words: config.map_words });
    const query = readQuery();
    this.where = readWhere(query);
    this.sort = query.get('sort') || USUAL_ORDER;
    this.selected = Number(query.get('case')) || null;
  }

  async open() {
    const snapshot = await this.snapshot();
    if (snapshot?.failed) return this.fail(new Error(snapshot.failed), () => this.open());
    if (!snapshot) return this.again();
    if (!snapshot.city?.bounds) return this.showState('empty', { title: this.page.say('no_city'), text: this.page.say('no_city_text') });
    for (const page of [this.page, this.mapPage]) page.follow(snapshot);
    this.layers = snapshot.layers.filter((layer) => layer.kind !== 'grid');
    this.columns = new Columns(this, snapshot);
    this.filters = new Filters(this);
    this.drawer = new Drawer(this);
    this.views = new ViewsMenu(this);
    this.exports = this.exportMenu();
    this.map = new DeskMap(this, snapshot);
    this.queues = new Queues(this);
    this.grid = new Grid(this, await gridApi(this.config.grid));
    this.actions = new Actions(this.page, this.config.letters, (ids) => this.changed(ids));
    this.news = new News(this, snapshot.event);
    this.surges = new Surges(this.page);
    watchMenus({ views: this.views, columns: this.columns, export: this.exports });
    this.registerKeys();
    addEventListener('needle:reach', ({ detail }) => detail && this.reached());
    this.filters.show();
    if (this.selected) this.select(this.selected, { reveal: true, open: true });
    return undefined;
  }

  /* The server is back: what could not be asked meanwhile is asked now. */
  reached() {
    this.grid.reload();
    this.queues.load();
    this.filters.learnNames();
  }

  async snapshot() {
    const answer = await fetch('/api/wall/snapshot').catch(() => null);
    if (answer?.ok) return answer.json();
    const said = answer && answer.status !== 503 ? await answer.json().catch(() => ({})) : null;
    return said && { failed: said[this.page.language] ?? String(answer.status) };
  }

  again() {
    this.showState('loading', { text: this.page.say('loading') });
    return new Promise((done) => setTimeout(() => done(this.open()), LOOK_AGAIN_MS));
  }

  /* --- the state, and who shows it --- */

  /** Nothing is filtered. */
  get isWhole() {
    return writeWhere(this.where) === '';
  }

  setWhere(where) {
    this.where = where;
    closeMenus();
    this.filters.show();
    this.filters.learnNames();
    this.queues.draw();
    this.map.setWhere(where);
    this.grid.reload();
    this.remember();
  }

  setSort(sort) {
    this.sort = sort;
    this.remember();
  }

  /** Sort by a column that may not be shown; the table asks anew with the next filter. */
  orderBy(sort) {
    if (sort === this.sort) return;
    this.setSort(sort);
    this.grid.setColumns();
  }

  /** One case: marked in the table and on the map; `open` shows it in the drawer, `reveal` brings its row into view. */
  select(id, { open = false, reveal = false, fly = false } = {}) {
    this.selected = id;
    this.map.mark(id, { fly });
    if (reveal) this.grid.reveal(id);
    if (open || (id && this.drawer.isOpen)) this.drawer.open(id);
    if (!id) this.drawer.close();
    this.choose();
    this.remember();
  }

  /** The address says the same again: filter, order, columns, case, the map's view. */
  remember() {
    const changes = Object.fromEntries(WHERE_KEYS.map((key) => [key, null]));
    for (const [key, value] of Object.entries(this.where)) changes[key] = [value].flat().join(',');
    changes.sort = this.sort === USUAL_ORDER ? null : this.sort;
    changes.case = this.drawer.isOpen ? this.selected : null;
    changes.cols = this.columns.written();
    writeQuery(changes, this.map.written());
  }

  exportMenu() {
    const columns = () => this.columns.shown.filter((key) => key !== 'left').join(',');
    return new FileMenu(this.page, slot('menu-export'), { formats: FORMATS, address: () => '/api/desk/exports', query: (format) => this.query({ format, columns: columns() }), note: this.page.say('export_text') });
  }

  /** What a request asks for: the filter, the order, the language. */
  query(more = {}) {
    const rest = new URLSearchParams({ sort: this.sort, lang: this.page.language, ...more });
    return [writeWhere(this.where), rest.toString()].filter(Boolean).join('&');
  }

  /** The page's state as saved views keep it. */
  written() {
    const query = readQuery();
    for (const key of ['lang', 'theme', 'screen', 'case']) query.delete(key);
    return query.toString() + location.hash;
  }

  opened(candidates) {
    this.drawer.filled();
    this.map.drawCandidates(candidates);
  }

  /* --- what is said of the whole --- */

  showTotal(total) {
    setText(slot('total'), this.page.say(this.isWhole ? 'total_all' : 'total', { n: this.page.number.format(total) }));
    document.body.dataset.ready = 'true';
    if (total > 0) return this.showState(null);
    const action = { words: this.page.say('clear'), act: () => this.setWhere({}) };
    return this.showState('empty', { title: this.page.say('nothing'), text: this.page.say('nothing_text'), ...(!this.isWhole && { action }) });
  }

  showState(kind, content) {
    slot('state').replaceChildren(...(kind ? [stateOf(kind, content)] : []));
    slot('state').hidden = !kind;
  }

  /** Say what failed; `again` is what the button tries once more. */
  fail(error, again = () => this.grid.reload()) {
    if (!isReached()) return this.showState('offline', { title: this.page.say('offline.title'), text: this.page.say('offline.text') });
    this.showState('failed', { title: this.page.say('failed'), text: error.message, action: { words: this.page.say('retry'), act: again } });
    document.body.dataset.ready = 'true';
    return undefined;
  }

  /** The cases that actions are about: the ticked rows, else the one case. */
  choose() {
    const ticked = this.grid.api.getSelectedRows().map((row) => row.id);
    this.actions.choose(ticked.length ? ticked : this.selected ? [this.selected] : []);
  }

  /** The server has changed these cases by what was done here. */
  async changed(ids) {
    await this.grid.patch(ids);
    this.queues.load();
    this.map.refresh();
    if (this.drawer.isOpen && ids.includes(this.drawer.id)) this.drawer.open(this.drawer.id);
  }

  registerKeys() {
    const { page, grid } = this;
    const key = (name, words, act) => register(name, page.say(`key.${words}`), act);
    key('j', 'next', (event) => grid.step(1, event.shiftKey));
    key('k', 'previous', (event) => grid.step(-1, event.shiftKey));
    key('Enter', 'open', (event) => (event.target.closest('button, a, input, summary') ? false : this.selected ? this.select(this.selected, { open: true }) : false));
    key('x', 'pick', () => grid.pick());
    key('/', 'search', () => this.filters.focusSearch());
    register('ArrowDown', '', (event) => grid.step(1, event.shiftKey));
    register('ArrowUp', '', (event) => grid.step(-1, event.shiftKey));
    key('.', 'news', () => this.news.show());
    register('Escape', '', () => closeMenus() || this.map.cancel() || (this.drawer.isOpen ? this.drawer.close() : false));
  }
}

/** Dash draws the grid in its own time; asked for it before, it throws. */
async function gridApi(id) {
  for (;;) {
    try {
      const api = window.dash_ag_grid.getApi(id);
      if (api) return api;
    } catch {
      // not drawn yet
    }
    await new Promise((done) => setTimeout(done, 40));
  }
}
