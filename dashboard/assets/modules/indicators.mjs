/* Indicators: what is asked (period, basis, grouping) stands in the address; cards with their run, a league with intervals, definitions.
   Every number is a link to its cases at the desk. */

import { readQuery, writeQuery } from './address.mjs';
import { FileJob } from './file_job.mjs';
import { h, icon } from './forms_dom.mjs';
import { card } from './indicators_card.mjs';
import { league } from './indicators_league.mjs';
import { register } from './keys.mjs';
import { setText, slot } from './page.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { readWhere, writeWhere } from './where.mjs';

const EVERY_MS = 60_000;
const KINDS = ['week', 'month', 'quarter', 'year'];
const BASES = ['due', 'opened'];
const TIMES = ['from', 'to', 'due_from', 'due_to', 'judged', 'text', 'box', 'polygon'];

export async function start(config) {
  const indicators = new Indicators(config);
  const { page } = indicators;
  slot('report').addEventListener('click', () => indicators.write());
  register('[', page.say('key.earlier'), () => indicators.move(-1));
  register(']', page.say('key.later'), () => indicators.move(1));
  await indicators.load();
  setInterval(() => document.hidden || document.activeElement?.matches('select') || indicators.load(), EVERY_MS);
}

class Indicators extends Sheet {
  constructor(config) {
    super(config);
    this.file = new FileJob(this.page);
    const query = readQuery();
    Object.assign(this, { period: query.get('period') ?? '', basis: query.get('basis') === 'opened' ? 'opened' : 'due', by: query.get('by') ?? '', rankBy: query.get('rank') ?? 'ontime_dispose_rate' });
    this.where = readWhere(query);
    for (const key of TIMES) delete this.where[key];
  }

  query() {
    return [writeWhere(this.where), new URLSearchParams({ lang: this.page.language, basis: this.basis, ...(this.period && { period: this.period }), ...(this.by && { by: this.by }) })].filter(String).join('&');
  }

  address() {
    return `/api/indicators?${this.query()}`;
  }

  draw(said) {
    const { page } = this;
    if (!said.definitions.some(({ code }) => code === this.rankBy)) this.rankBy = 'ontime_dispose_rate';
    this.by = said.by;
    this.remember();
    setText(slot('total'), page.say('total', { n: page.number.format(said.reported), time: page.moment(said.now) }));
    slot('asked').replaceChildren(...this.asked(said));
    if (!said.run.some(({ cells }) => cells.some(([, below]) => below))) {
      slot('cards').replaceChildren(stateOf('empty', { title: page.say('none'), text: page.say('none_text') }));
      slot('league').replaceChildren();
    } else {
      slot('cards').replaceChildren(...said.definitions.map((definition, at) => (definition.variant ? '' : card(this, said, definition, at))));
      slot('league').replaceChildren(...league(this, said));
    }
    slot('definitions').replaceChildren(this.definitions(said));
  }

  /* --- what is asked -------------------------------------------------------------------------------------------- */

  asked(said) {
    const { page } = this;
    const kinds = this.choices('kinds', KINDS, said.period.kind, (kind) => page.say(`kind.${kind}`), (kind) => this.set({ period: kind }));
    const bases = this.choices('basis', BASES, said.basis, (basis) => page.say(`basis.${basis}`), (basis) => this.set({ basis }));
    const step = (by, drawing, words) => h('button', { type: 'button', class: 'indicators-step', title: words, 'aria-label': words, onclick: () => this.move(by) }, icon(drawing));
    const earlier = step(-1, 'chevron-left', page.say('earlier'));
    const later = step(1, 'chevron-right', page.say('later'));
    later.disabled = said.period.to > said.now;
    const chips = said.filters.map(([key, value, name]) => h('button', { type: 'button', class: 'desk-chip', title: page.say('unfilter'), onclick: () => this.unfilter(key, value), text: name }, icon('x')));
    return [kinds, h('div', { class: 'indicators-period' }, earlier, h('b', { text: this.periodName(said.period) }), later), bases, h('p', { class: 'indicators-note', text: page.say(`basis.${said.basis}_text`) }), ...chips];
  }

  choices(name, values, chosen, said, choose) {
    return h('div', { class: 'indicators-choices', role: 'group', 'aria-label': this.page.say(name) }, values.map((value) => h('button', { type: 'button', 'aria-pressed': String(value === chosen), onclick: () => choose(value), text: said(value) })));
  }

  periodName({ key, kind }) {
    const [year, rest = ''] = key.split('-');
    return this.page.say(`period.${kind}`, { year, n: rest.replace(/^[QW0]+/, '') });
  }

  set(changes) {
    Object.assign(this, changes);
    this.load();
  }

  move(by) {
    const { run, period } = this.said;
    if (by < 0) this.set({ period: run.at(-2).key });
    else if (period.to <= this.said.now) this.set({ period: following(period) });
  }

  unfilter(key, value) {
    const rest = (this.where[key] ?? []).filter((one) => one !== value);
    this.where = { ...this.where, [key]: rest };
    this.load();
  }

  /** Look at one row of the league alone. */
  into(key, value) {
    this.where = { ...this.where, [key]: [value] };
    this.by = key === 'area' ? 'department' : this.said.choices[0].by;
    this.load();
  }

  remember() {
    const { where, said } = this;
    writeQuery({ ...Object.fromEntries(Object.keys(readWhere(readQuery())).map((key) => [key, null])), ...Object.fromEntries(Object.entries(where).map(([key, values]) => [key, [values].flat().join(',')])), period: this.period && said.period.key, basis: this.basis === 'due' ? null : this.basis, by: this.by === said.choices[0]?.by ? null : this.by, rank: this.rankBy === 'ontime_dispose_rate' ? null : this.rankBy });
  }

  /** The desk with the cases that a number counts. `quantity`: above or below the line of a definition; `row`: [key, value] of a league. */
  cases(definition, quantity, row) {
    const { said } = this;
    const opened = (definition.basis ?? said.basis) === 'opened';
    const time = opened ? { from: String(said.period.from), to: String(said.period.to) } : { due_from: String(said.period.from), due_to: String(said.due_to) };
    return `/desk?${writeWhere({ ...this.where, ...(row && { [row[0]]: [row[1]] }), ...time, ...(quantity !== 'reported' && { judged: [quantity] }) })}`;
  }

  /* --- the definitions ------------------------------------------------------------------------------------------ */

  definitions(said) {
    const { page } = this;
    const line = (one) => h('div', { class: 'indicators-definition' }, h('dt', {}, h('b', { text: one.name }), h('code', { text: page.say('definition', one) })), h('dd', { text: one.note }));
    return h('details', {}, h('summary', { text: page.say('definitions') }), h('dl', {}, said.definitions.map(line), h('div', { class: 'indicators-definition' }, h('dt', {}, h('b', { text: page.say('score') })), h('dd', { text: page.say(`formula.${said.score.code}`) }))),
      h('h3', { text: page.say('elsewhere') }), h('dl', {}, said.elsewhere.map(line)));
  }

  /* --- the report ----------------------------------------------------------------------------------------------- */

  async write() {
    const { page } = this;
    const label = slot('report').querySelector('span:last-child');
    slot('report').disabled = true;
    setText(label, page.say('report_writing'));
    try {
      await this.file.take('/api/indicators/report', this.query());
    } catch (error) {
      slot('state').replaceChildren(stateOf('failed', { text: error.message }));
    }
    slot('report').disabled = false;
    setText(label, page.say('report'));
  }
}

/** The key of the period after one. */
function following({ key, kind, to }) {
  const [year, rest = ''] = key.split('-');
  const n = Number(rest.replace(/^[QW]/, ''));
  if (kind === 'year') return String(Number(year) + 1);
  if (kind === 'quarter') return n === 4 ? `${Number(year) + 1}-Q1` : `${year}-Q${n + 1}`;
  if (kind === 'month') return n === 12 ? `${Number(year) + 1}-01` : `${year}-${String(n + 1).padStart(2, '0')}`;
  return isoWeek(new Date((to + 3 * 86_400) * 1000));
}

function isoWeek(day) {
  const thursday = new Date(day);
  thursday.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${String(Math.ceil(((thursday - first) / 86_400_000 + 1) / 7)).padStart(2, '0')}`;
}
