/* Answers as a table: a page of rows after the other from the server, sorted by a click on a heading. */

import { h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';
import { stateOf } from './states.mjs';

const PAGE = 100;
const NEAR_PX = 600;
const OWN = ['received', 'review', 'from'];

export class AnswerTable {
  constructor(answers, place) {
    Object.assign(this, { answers, place, sort: '-received' });
    const { form } = answers;
    this.questions = form.questions.filter((one) => one.sheet === form.root && !one.retired && !['point', 'line', 'area'].includes(one.kind));
    place.addEventListener('scroll', () => this.scrolled());
  }

  async load() {
    const turn = (this.turn = {});
    const said = await this.page();
    if (turn !== this.turn) return;
    this.begin();
    this.add(said);
    if (!said.rows.length) this.place.replaceChildren(this.nothing());
  }

  page(after = {}) {
    const { answers } = this;
    return get(answers.page, `${answers.base}/answers?${answers.asked({ ...after, limit: PAGE, sort: this.sort })}`);
  }

  add({ rows, next }) {
    this.rows.push(...rows);
    this.next = next;
    this.body.append(...rows.map((row) => this.line(row)));
  }

  nothing() {
    const { page, query } = this.answers;
    const narrowed = [...query.keys()].some((name) => !['view', 'lang', 'theme'].includes(name));
    if (narrowed) return stateOf('empty', { title: page.say('none_fit'), text: page.say('none_fit_text') });
    return stateOf('empty', { title: page.say('none_answered'), text: page.say('none_answered_text'), icon: 'inbox' });
  }

  begin() {
    const { page } = this.answers;
    this.rows = [];
    const head = (name, label, kind = '') => h('th', { scope: 'col', class: kind, 'aria-sort': this.sort.replace('-', '') === name ? (this.sort.startsWith('-') ? 'descending' : 'ascending') : 'none' }, h('button', { type: 'button', 'data-sort': name, title: label, text: label, onclick: () => this.sorted(name) }));
    this.body = h('tbody');
    const heads = [...OWN.map((name) => head(name, page.say(`own.${name}`))), ...this.questions.map((one) => head(`a.${one.name}`, one.label, numeric(one) ? 'is-number' : ''))];
    this.place.replaceChildren(h('table', { class: 'answer-grid' }, h('thead', {}, h('tr', {}, heads)), this.body));
    this.place.scrollTop = 0;
  }

  sorted(name) {
    this.sort = this.sort === name ? `-${name}` : name;
    this.load();
  }

  line(row) {
    const { page, form, shown } = this.answers;
    const own = [
      h('td', { class: 'answer-when' }, page.moment(row.at), row.edits ? h('span', { class: 'answer-edited', title: page.say('edited_at', { time: page.moment(row.edited) }) }, icon('pencil'), page.say('edited')) : null),
      h('td', {}, h('span', { class: `review-tag is-${row.review}` }, h('i', { class: `review-mark is-${row.review}` }), page.say(`review.${row.review}`))),
      h('td', { class: 'answer-from', text: row.from ?? row.area ?? '–' }),
    ];
    const values = this.questions.map((one) => h('td', { class: numeric(one) ? 'is-number' : '' }, this.cell(row.values[one.name], one)));
    return h('tr', { tabindex: 0, 'data-answer': row.id, 'aria-current': String(row.id === shown), title: form.title, onclick: () => this.answers.open(row.id), onkeydown: (event) => event.key === 'Enter' && this.answers.open(row.id) }, own, values);
  }

  cell(value, one) {
    const { page } = this.answers;
    if (value === undefined || value === null) return h('span', { class: 'answer-none', text: '–' });
    if (Array.isArray(value)) return h('span', { class: 'answer-tags' }, value.map((each) => h('span', { text: each })));
    if (one.kind === 'digest') return h('span', { class: 'icon icon-image', role: 'img', 'aria-label': page.say('photo') });
    return typeof value === 'number' ? page.number.format(value) : value;
  }

  scrolled() {
    const { place } = this;
    const near = place.scrollTop + place.clientHeight > place.scrollHeight - NEAR_PX;
    const { next, rows } = this;
    if (!near || this.busy || !next) return;
    this.busy = true;
    this.page({ after: next }).then((said) => rows === this.rows && this.add(said)).finally(() => (this.busy = false));
  }

  /** Say of rows what was found of their answers. */
  review(ids, review) {
    for (const row of (this.rows ?? []).filter(({ id }) => ids.includes(id))) {
      row.review = review;
      this.body.querySelector(`[data-answer="${row.id}"]`).replaceWith(this.line(row));
    }
  }

  mark(id) {
    for (const line of this.body?.children ?? []) line.setAttribute('aria-current', String(Number(line.dataset.answer) === id));
    this.body?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  /** The answer beside one in the table. */
  beside(id, by) {
    const at = this.rows?.findIndex((row) => row.id === id) ?? -1;
    return this.rows?.[at < 0 ? 0 : Math.min(Math.max(at + by, 0), this.rows.length - 1)]?.id;
  }
}

function numeric(one) {
  return (one.kind === 'integer' || one.kind === 'decimal') && !Object.keys(one.choices).length;
}
