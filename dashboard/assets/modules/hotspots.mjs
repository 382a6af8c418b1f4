/* Hotspots: everything that is asked stands in the address, so that a link, and a saved analysis, shows the same again. */

import { readQuery, writeQuery } from './address.mjs';
import { FileJob } from './file_job.mjs';
import { h } from './forms_dom.mjs';
import { asked } from './hotspots_asked.mjs';
import { list, verdict } from './hotspots_list.mjs';
import { SpotMap } from './hotspots_map.mjs';
import { spotColours, TRENDS, VIEWS } from './hotspots_style.mjs';
import { register } from './keys.mjs';
import { setText, slot } from './page.mjs';
import { savedMenu } from './hotspots_saved.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { shownTheme } from './theme.mjs';
import { readWhere, writeWhere } from './where.mjs';

const USUAL = { grid: 'h3-8', measure: 'count', method: 'gi', days: '30', since: '', until: '', view: 'significance' };
const CLASSES = [3, 2, 1, 0, -1, -2, -3];

export async function start(config) {
  const spots = new Spots(config);
  const { page } = spots;
  for (const button of document.querySelectorAll('[data-file]')) button.addEventListener('click', () => spots.write(button));
  VIEWS.forEach((view, at) => register(String(at + 1), page.say(`view.${view}`), () => spots.look(view)));
  register('j', page.say('key.next'), () => spots.step(1));
  register('k', page.say('key.previous'), () => spots.step(-1));
  addEventListener('needle:theme', () => spots.said && spots.drawLegend());
  slot('saved').append(savedMenu(spots));
  await spots.load();
}

class Spots extends Sheet {
  constructor(config) {
    super(config);
    this.file = new FileJob(this.page);
    const query = readQuery();
    this.facets = {};
    this.spot = query.has('spot') ? Number(query.get('spot')) : null;
    for (const [key, usual] of Object.entries(USUAL)) this[key] = query.get(key) ?? usual;
    if (this.since) this.days = '';
    this.where = readWhere(query);
    for (const key of ['from', 'to', 'box']) delete this.where[key];
    this.view = VIEWS.includes(this.view) ? this.view : USUAL.view;
  }

  /** The question and its filter, as the server takes them. */
  query() {
    const { page, grid, measure, method, days, since, until } = this;
    const question = new URLSearchParams({ lang: page.language, grid, measure, method, ...(since ? { since, until } : { days }) });
    return [writeWhere(this.where), question].filter(String).join('&');
  }

  address() {
    return `/api/hotspots?${this.query()}`;
  }

  /** The same for tiles and for what lies behind: the very window that was answered, whatever time it is by then. */
  settled() {
    const { page, grid, measure, method, said } = this;
    const { since, until } = said.question;
    return [writeWhere(this.where), new URLSearchParams({ lang: page.language, grid, measure, method, since, until })].filter(String).join('&');
  }

  async draw(said) {
    const { page } = this;
    if (!said.ground.city) return void slot('verdict').replaceChildren(h('b', { text: page.say('none_title') }));
    if (!this.map) {
      const view = viewOf(location.hash);
      this.map = new SpotMap({ ground: said.ground, page, view, onMove: () => this.remember() });
      if (!view) this.map.fit(said.bounds);
    }
    setText(slot('total'), page.say('total', { cases: page.number.format(said.cases), cells: page.number.format(said.cells), from: full(page, said.question.since), to: full(page, said.question.until) }));
    slot('asked').replaceChildren(...asked(this, said));
    slot('verdict').replaceChildren(...verdict(page, said));
    this.drawList();
    this.drawViews();
    this.drawLegend();
    this.remember();
    await this.map.show(`${this.settled()}&mark=${said.mark}`, this.view);
    this.map.mark(said.hotspots.find(({ number }) => number === this.spot)?.at);
    return undefined;
  }

  drawList() {
    slot('list').replaceChildren(...list(this, this.said));
  }

  drawViews() {
    slot('views').replaceChildren(...VIEWS.map((view) => h('button', { type: 'button', 'aria-pressed': String(view === this.view), text: this.page.say(`view.${view}`), onclick: () => this.look(view) })));
  }

  drawLegend() {
    const { page, view } = this;
    const colours = spotColours(shownTheme());
    const line = (colour, words) => h('li', {}, h('span', { class: 'spots-swatch', 'data-colour': colour }), h('span', { text: words }));
    const rows = {
      significance: () => [...CLASSES, ...(this.method === 'moran' ? [4, 5] : [])].map((kind) => line(colours.classes[kind], page.say(`class.${kind}`))),
      change: () => [1, 2, 3, 0].map((kind) => line(colours.change[kind], page.say(`change.${kind}`))),
      trend: () => [1, 2, 3, 4, 0].map((kind) => line(colours.trend[kind], page.say(`trend.${TRENDS[kind]}`))),
      density: () => colours.ramp.map((colour, at) => line(colour, page.say('density_of', { n: ((at / (colours.ramp.length - 1)) ** (1 / 0.6) * this.said.densest).toFixed(1) }))),
    }[view]();
    slot('legend').replaceChildren(h('ul', { class: 'cells-tones' }, rows), h('p', { class: 'spots-legend-note', text: page.say(view === 'density' ? 'legend_density' : 'legend_text') }));
    /* The policy of the page allows no style in its markup; scripts may set one. */
    for (const swatch of slot('legend').querySelectorAll('[data-colour]')) swatch.style.backgroundColor = swatch.dataset.colour;
  }

  look(view) {
    this.view = view;
    this.drawViews();
    this.drawLegend();
    this.map?.show(`${this.settled()}&mark=${this.said.mark}`, view);
    this.remember();
  }

  set(changes) {
    Object.assign(this, changes, { spot: null });
    this.load();
  }

  filter(key, value) {
    this.where = { ...this.where, [key]: value ? [value] : [] };
    this.set({});
  }

  unfilter(key, value) {
    this.where = { ...this.where, [key]: (this.where[key] ?? []).filter((one) => one !== value) };
    this.set({});
  }

  open(one) {
    this.spot = one?.number ?? null;
    this.drawList();
    this.map.mark(one?.at);
    this.remember();
  }

  step(by) {
    const { hotspots } = this.said;
    const at = hotspots.findIndex(({ number }) => number === this.spot);
    const next = hotspots[Math.min(Math.max(at + by, 0), hotspots.length - 1)];
    if (next) this.open(next);
  }

  remember() {
    const kept = Object.fromEntries(Object.entries(USUAL).map(([key, usual]) => [key, this[key] === usual || (key === 'days' && this.since) ? null : this[key]]));
    const before = Object.fromEntries(Object.keys(readWhere(readQuery())).map((key) => [key, null]));
    const filters = Object.fromEntries(Object.entries(this.where).map(([key, values]) => [key, [values].flat().join(',')]));
    writeQuery({ ...before, ...filters, ...kept, spot: this.spot === null ? null : String(this.spot) }, this.map?.written());
  }

  /** What a saved analysis keeps: the address after the question mark, without language and theme. */
  written() {
    const query = readQuery();
    for (const key of ['lang', 'theme', 'screen', 'spot']) query.delete(key);
    return query.toString();
  }

  async write(button) {
    const { page } = this;
    button.disabled = true;
    try {
      await this.file.take('/api/hotspots/files', `${this.settled()}&format=${button.dataset.file}`);
    } catch (error) {
      slot('state').replaceChildren(stateOf('failed', { text: error.message }));
    }
    button.disabled = false;
  }
}

/** A moment with its day, also when that is today. */
function full(page, seconds) {
  const at = new Date(seconds * 1000);
  return `${page.day.format(at)} ${page.clock.format(at)}`;
}

function viewOf(hash) {
  const view = hash.slice(1).split('/').map(Number);
  return view.length >= 3 && view.every(Number.isFinite) ? { zoom: view[0], center: [view[2], view[1]] } : null;
}
