/* What if: a period, what is changed in it, a replay in the background, before and after. What is small stands in the address; what was run is kept. */

import { readQuery, writeQuery } from './address.mjs';
import { FileJob } from './file_job.mjs';
import { button, h } from './forms_dom.mjs';
import { field, filters, period, select } from './hotspots_asked.mjs';
import { savedMenu, tell } from './hotspots_saved.mjs';
import { spotColours } from './hotspots_style.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { setText, slot } from './page.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { shownTheme } from './theme.mjs';
import { changes } from './whatif_changes.mjs';
import { asAsked, isNothing, nothing, ofAsked, readDraft, same, writeDraft } from './whatif_draft.mjs';
import { LOSES, PlanMap } from './whatif_map.mjs';
import { result } from './whatif_result.mjs';
import { siting, USUAL_SITING } from './whatif_siting.mjs';
import { Work } from './whatif_work.mjs';
import { readWhere, writeWhere } from './where.mjs';

const TABS = ['plan', 'siting', 'result'];
const GRIDS = ['h3-9', 'h3-8', 'h3-7'];
const PROMISES = ['10', '15', '30', '60', '120'];
const CLASSES = [-3, -2, -1, 0, 1, 2, 3, LOSES];
const USUAL = { days: '30', since: '', until: '', promise: '30', grid: 'h3-8', tab: 'plan', department: '' };

export async function start(config) {
  const plan = new Plan(config);
  const { page } = plan;
  for (const one of document.querySelectorAll('[data-file]')) one.addEventListener('click', () => plan.write(one));
  TABS.forEach((tab, at) => register(String(at + 1), page.say(`tab.${tab}`), () => plan.look(tab)));
  register('r', page.say('run'), () => plan.run());
  register('Escape', '', () => (plan.work.job ? plan.work.cancel() : false));
  addEventListener('needle:theme', () => plan.said && plan.drawLegend());
  addEventListener('pagehide', () => plan.work.cancel());
  slot('saved').append(savedMenu(plan, plan.shelf()));
  await plan.load();
}

class Plan extends Sheet {
  constructor(config) {
    super(config);
    const query = readQuery();
    Object.assign(this, { facets: {}, opened: new Set(['teams']), team: null, sited: null, sought: { ...USUAL_SITING }, file: new FileJob(this.page), work: new Work(this.page, () => this.drawWork()) });
    for (const [key, usual] of Object.entries(USUAL)) this[key] = query.get(key) ?? usual;
    if (this.since) this.days = '';
    if (!TABS.includes(this.tab)) this.tab = USUAL.tab;
    this.where = readWhere(query);
    for (const key of ['from', 'to', 'box']) delete this.where[key];
    this.wanted = Number(query.get('whatif')) || null;
    this.draft = readDraft(query);
  }

  /** The cases of the period, as the server takes them. */
  query() {
    const { page, days, since, until } = this;
    const window = new URLSearchParams({ lang: page.language, ...(since ? { since, until } : { days }) });
    return [writeWhere(this.where), window].filter(String).join('&');
  }

  address() {
    return `/api/whatif?${this.query()}`;
  }

  async draw(said) {
    const { page } = this;
    if (!said.ground.city) return void slot('pane').replaceChildren(stateOf('empty', { title: page.say('no_city'), text: page.say('no_city_text') }));
    said.question = { since: said.since, until: said.until };
    if (!said.departments.some(([code]) => code === this.department)) this.department = largest(said.teams);
    if (!this.map) {
      const view = viewOf(location.hash);
      this.map = new PlanMap({ ground: said.ground, page, view, onMove: () => this.remember(), onChoose: (key) => this.take(key), onDrop: (key, at) => this.put(key, at) });
    }
    if (this.wanted && this.kept?.id !== this.wanted) await this.open(this.wanted);
    this.drawAll();
    return undefined;
  }

  /** Open a what-if that is kept: its period and its changes stand in the plan again. */
  async open(id) {
    const kept = await get(this.page, `/api/whatif/${id}?lang=${this.page.language}`).catch((error) => this.failed(error));
    if (!kept) return void (this.wanted = null);
    const { asked } = kept;
    const fresh = this.kept === undefined && !isNothing(this.draft) && !same(this.draft, ofAsked(asked, kept.tried));
    Object.assign(this, { kept, wanted: id });
    if (!fresh) {
      Object.assign(this, { draft: ofAsked(asked, kept.tried), days: '', since: String(asked.since), until: String(asked.until), promise: String(asked.promise_min), grid: asked.grid, where: readWhere(new URLSearchParams(asked.where)) });
      Object.assign(this.said, { since: asked.since, until: asked.until, question: asked, filters: kept.filters, cases: kept.found.cases });
    }
    if (!viewOf(location.hash)) this.map.fit(kept.cells.bounds);
    return undefined;
  }

  get changedSince() {
    const { kept } = this;
    return Boolean(kept) && !(same(this.draft, ofAsked(kept.asked, kept.tried)) && kept.asked.since === this.said.since && kept.asked.until === this.said.until && kept.asked.promise_min === Number(this.promise) && kept.asked.grid === this.grid && writeWhere(this.where) === writeWhere(readWhere(new URLSearchParams(kept.asked.where))));
  }

  drawAll() {
    const { page, said, kept } = this;
    const [from, to] = [said.since, said.until].map((at) => full(page, at));
    setText(slot('total'), page.say('total', { cases: page.number.format(said.cases), from, to }));
    slot('tabs').replaceChildren(...TABS.map((tab) => h('button', { type: 'button', 'aria-pressed': String(tab === this.tab), disabled: tab === 'result' && !kept, text: page.say(`tab.${tab}`), onclick: () => this.look(tab) })));
    for (const one of document.querySelectorAll('[data-file]')) one.disabled = !kept;
    this.drawPane();
    this.drawFoot();
    this.drawLegend();
    this.drawMap();
    this.remember();
  }

  drawPane() {
    if (this.tab === 'result' && !this.kept) this.tab = 'plan';
    slot('pane').replaceChildren(...{ plan: () => this.recipe(), siting: () => siting(this), result: () => result(this) }[this.tab]().filter(Boolean));
  }

  recipe() {
    const { page, said } = this;
    const step = (at, name, content) => h('section', { class: 'whatif-step' }, h('h2', {}, h('i', { text: String(at), 'aria-hidden': 'true' }), h('span', { text: page.say(name) })), content);
    return [
      step(1, 'step_cases', h('div', { class: 'whatif-two' }, period(this, said), field(page.say('promise'), select(PROMISES.map((n) => [n, page.say('minutes_of', { n })]), this.promise, (promise) => this.show({ promise }))), field(page.say('grid'), select(GRIDS.map((grid) => [grid, page.say(`grid.${grid}`)]), this.grid, (grid) => this.show({ grid }))), filters(this, said))),
      step(2, 'step_changes', changes(this)),
      step(3, 'step_run', h('p', { class: 'whatif-hint', text: page.say('run_hint') })),
    ];
  }

  drawFoot() {
    const { page, said } = this;
    const bar = this.work.progress();
    const idle = isNothing(this.draft);
    const why = !said.cases ? page.say('none_text') : idle ? page.say('run_nothing') : page.say('run_ready', { cases: page.number.format(said.cases) });
    slot('run').replaceChildren(...(bar ? [bar] : [
      h('p', { class: 'whatif-hint', role: 'status', text: why }),
      h('div', { class: 'whatif-acts' }, button(page.say('run'), 'play', () => this.run(), { main: true, name: 'whatif-run', disabled: idle || !said.cases }), idle ? null : button(page.say('clear'), 'undo-2', () => this.change(nothing()))),
    ]));
  }

  drawLegend() {
    const { page } = this;
    const colours = spotColours(shownTheme());
    if (!this.kept) return void slot('legend').replaceChildren();
    const rows = CLASSES.map((kind) => h('li', {}, h('span', { class: 'spots-swatch', 'data-colour': colours.classes[kind] }), h('span', { text: page.say(`class.${kind}`) })));
    slot('legend').replaceChildren(h('b', { text: page.say('legend_title') }), h('ul', { class: 'cells-tones' }, rows), h('p', { class: 'spots-legend-note', text: page.say('legend_text') }));
    /* The policy of the page allows no style in its markup; scripts may set one. */
    for (const swatch of slot('legend').querySelectorAll('[data-colour]')) swatch.style.backgroundColor = swatch.dataset.colour;
    return undefined;
  }

  drawMap() {
    const { draft, said } = this;
    const teams = said.teams.filter((team) => team.department === this.department || draft.moved[team.id] || draft.gone.includes(team.id)).map((team) => {
      const moved = draft.moved[team.id];
      return { key: `team:${team.id}`, kind: 'team', name: team.name, at: moved ?? team.at, from: moved && team.at, changed: Boolean(moved), gone: draft.gone.includes(team.id), chosen: team.id === this.team };
    });
    const added = draft.added.map(({ like, at }, k) => ({ key: `added:${k}`, kind: 'team', name: this.page.say('added_name', { name: this.nameOf(like) }), at, changed: true }));
    const sites = this.tab === 'siting' && this.sited ? this.sited.chosen.map(({ at }, k) => ({ key: `site:${k}`, kind: 'site', name: String(k + 1), at })) : [];
    this.map.plan([...teams, ...added, ...sites]);
    if (this.shownCells !== this.kept?.id) this.map.cells((this.shownCells = this.kept?.id));
  }

  nameOf(id) {
    return this.said.teams.find((team) => team.id === id)?.name ?? this.page.say('team_of', { n: id });
  }

  departmentName(code) {
    return code === '*' ? this.page.say('everybody') : (this.said.departments.find(([one]) => one === code)?.[1] ?? code);
  }

  /* --- what is changed ---------------------------------------------------------------------------------------------- */

  change(parts, { redraw = true } = {}) {
    this.draft = { ...this.draft, ...parts };
    if (redraw) this.drawAll();
    else {
      this.drawFoot();
      this.remember();
    }
  }

  /** Something of how it is shown or judged. */
  show(parts) {
    Object.assign(this, parts);
    this.drawAll();
  }

  choose(team) {
    this.show({ team });
    const at = this.draft.moved[team] ?? this.said.teams.find(({ id }) => id === team)?.at;
    if (at) this.map.go(at);
  }

  take(key) {
    const [kind, id] = key.split(':');
    if (kind !== 'team') return;
    const team = this.said.teams.find((one) => one.id === Number(id));
    this.opened.add('teams');
    this.show({ team: team.id, department: team.department });
  }

  put(key, at) {
    const [kind, id] = key.split(':');
    if (kind === 'team') this.move(Number(id), at);
    else if (kind === 'added') this.change({ added: this.draft.added.map((one, k) => (k === Number(id) ? { ...one, at } : one)) });
  }

  move(team, at) {
    this.change({ moved: { ...this.draft.moved, [team]: at }, gone: this.draft.gone.filter((one) => one !== team) });
  }

  add(like, at) {
    this.change({ added: [...this.draft.added, { like, at }] });
  }

  toggle(team) {
    const { gone, moved } = this.draft;
    const { [team]: _moved, ...rest } = moved;
    this.change(gone.includes(team) ? { gone: gone.filter((one) => one !== team) } : { gone: [...gone, team], moved: rest });
  }

  /** Take one change back: of a list by its place, of places by the team. */
  forget(kind, at) {
    if (kind === 'moved') {
      const { [at]: _gone, ...rest } = this.draft.moved;
      this.change({ moved: rest });
    } else this.change({ [kind]: this.draft[kind].filter((_, k) => k !== at) });
  }

  /* --- the period: as on the page of hotspots ------------------------------------------------------------------------ */

  set(parts) {
    Object.assign(this, parts);
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

  look(tab) {
    if (tab !== 'result' || this.kept) this.show({ tab });
  }

  /* --- work in the background ---------------------------------------------------------------------------------------- */

  asked() {
    const { since, until } = this.said;
    return { since, until, promise_min: Number(this.promise), grid: this.grid, ...asAsked(this.draft) };
  }

  async run() {
    if (this.work.job || isNothing(this.draft) || !this.said.cases) return;
    const told = await this.begin('runs', this.asked());
    if (!told) return;
    this.tab = 'result';
    this.kept = null;
    await this.open(told.made);
    this.drawAll();
  }

  /** Begin some work of these cases; what it told at last, or null. */
  async begin(kind, said) {
    slot('state').replaceChildren();
    return this.work.begin(kind, writeWhere(this.where), said).catch((error) => void this.failed(error));
  }

  /** What is sought is otherwise; a form that is being filled in is not drawn anew, so that Enter sends it. */
  seek(parts, { redraw = true } = {}) {
    this.sought = { ...this.sought, ...parts };
    if (redraw) this.drawPane();
  }

  async site() {
    if (this.work.job) return;
    const sought = { ...this.sought, department: this.department };
    const told = await this.begin('sitings', { ...this.asked(), siting: sought });
    if (!told) return;
    Object.assign(this, { sited: told.answer, sitedFor: sought });
    this.drawAll();
  }

  /** What siting found becomes part of the plan. */
  use({ chosen }) {
    this.tab = 'plan';
    this.change({ added: [...this.draft.added, ...chosen.map(({ like, at }) => ({ like, at }))] });
  }

  drawWork() {
    if (!this.said) return;
    this.drawFoot();
    if (this.tab === 'siting') this.drawPane();
  }

  /* --- what is kept --------------------------------------------------------------------------------------------------- */

  shelf() {
    const { page } = this;
    return {
      list: async () => (await get(page, '/api/whatif/saved').catch(() => ({ saved: [] }))).saved,
      save: async (named) => (this.kept?.mine ? tell(page, 'PATCH', `/api/whatif/${this.kept.id}`, named) : page.say('save_first')),
      drop: (id) => tell(page, 'DELETE', `/api/whatif/${id}`),
      href: ({ id }) => {
        const now = readQuery();
        const kept = new URLSearchParams({ whatif: id, tab: 'result' });
        for (const key of ['lang', 'theme']) if (now.has(key)) kept.set(key, now.get(key));
        return `${location.pathname}?${kept}`;
      },
    };
  }

  remember() {
    const usual = Object.fromEntries(Object.entries(USUAL).map(([key, value]) => [key, this[key] === value || (key === 'days' && this.since) ? null : this[key]]));
    const before = Object.fromEntries(Object.keys(readWhere(readQuery())).map((key) => [key, null]));
    const where = Object.fromEntries(Object.entries(this.where).map(([key, values]) => [key, [values].flat().join(',')]));
    writeQuery({ ...before, ...where, ...usual, ...writeDraft(this.draft), whatif: this.kept?.id ?? this.wanted }, this.map?.written());
  }

  async write(one) {
    const { page } = this;
    one.disabled = true;
    try {
      await this.file.take('/api/whatif/files', `id=${this.kept.id}&lang=${page.language}&format=${one.dataset.file}`);
    } catch (error) {
      slot('state').replaceChildren(stateOf('failed', { text: error.message }));
    }
    one.disabled = false;
  }
}

/** The department with most teams. */
function largest(teams) {
  const n = new Map();
  for (const { department } of teams) n.set(department, (n.get(department) ?? 0) + 1);
  return [...n].sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
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
