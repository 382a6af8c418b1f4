/* What was answered: a table that loads as one scrolls, charts, a map, and one answer beside them. All show the same filter. */

import { fileButton } from './file_job.mjs';
import { button, change, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { drawAnswer } from './forms_answer.mjs';
import { AnswerTable } from './forms_table.mjs';

const VIEWS = { table: 'table-2', charts: 'chart-column', map: 'map' };
const REVIEWS = ['received', 'approved', 'issue', 'rejected'];
const FORMATS = ['xlsx', 'csv', 'gpkg'];
const TYPING_MS = 250;

export async function open(config, key) {
  const answers = new Answers(config, key);
  await answers.load();
}

class Answers {
  constructor(config, key) {
    this.page = new Page(config);
    this.key = key;
    this.base = `/api/forms/of/${encodeURIComponent(key)}`;
    this.query = new URLSearchParams(location.search);
    this.drawn = {};
  }

  async load() {
    try {
      this.form = await get(this.page, `${this.base}?lang=${this.page.language}`);
      this.page.follow({ city: { timezone: this.form.timezone }, now: this.form.now });
      document.title = this.form.title;
      this.draw();
      await this.show();
    } catch (error) {
      slot('room').replaceChildren(failure(this.page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  get view() {
    return VIEWS[this.query.get('view')] ? this.query.get('view') : 'table';
  }

  /** The filter as the server reads it. */
  asked(more = {}) {
    const asked = new URLSearchParams({ ...more, lang: this.page.language });
    for (const [name, value] of this.query) if (!['view', 'answer', 'lang', 'theme'].includes(name)) asked.set(name, value);
    return asked;
  }

  draw() {
    const { page, form } = this;
    const find = h('input', { type: 'search', placeholder: page.say('search_answers'), 'aria-label': page.say('search_answers'), value: this.query.get('q') ?? '', oninput: () => this.typed(find.value) });
    this.tabs = h('div', { class: 'answer-tabs', role: 'tablist' }, Object.entries(VIEWS).map(([name, drawing]) =>
      h('button', { type: 'button', role: 'tab', 'data-view': name, onclick: () => this.turn(name) }, icon(drawing), page.say(`view.${name}`))));
    this.reviews = h('div', { class: 'answer-reviews' });
    this.chips = h('div', { class: 'desk-chips' });
    this.places = Object.fromEntries(Object.keys(VIEWS).map((name) => [name, h('div', { class: `answer-view answer-${name}`, hidden: true })]));
    this.aside = h('aside', { class: 'answer-aside', hidden: true, tabindex: -1, 'aria-label': page.say('one') });
    const head = h('header', { class: 'forms-head' },
      h('a', { class: 'forms-quiet', href: '/forms', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')),
      h('div', { class: 'answer-name' }, h('h1', { text: form.title }), h('p', { class: 'forms-total', text: page.say('version', { n: form.number }) })),
      this.tabs,
      h('label', { class: 'desk-search' }, icon('search'), find),
      this.files(),
      form.own && form.may.includes('form.edit') ? h('a', { class: 'desk-button is-main', href: `/outreach?form=${encodeURIComponent(this.key)}` }, icon('send'), page.say('ask')) : null);
    const bar = h('div', { class: 'answer-bar' }, this.reviews, this.chips);
    slot('room').replaceChildren(head, h('div', { class: 'answer-room' }, bar, ...Object.values(this.places), this.aside));
    register('/', page.say('key.search'), () => find.focus());
    Object.keys(VIEWS).forEach((name, at) => register(String(at + 1), page.say(`view.${name}`), () => this.turn(name)));
    register('j', page.say('key.next'), () => this.step(1));
    register('k', page.say('key.before'), () => this.step(-1));
    addEventListener('keydown', (event) => event.key === 'Escape' && !document.querySelector('dialog[open]') && this.close());
    addEventListener('needle:theme', () => this.view !== 'table' && this.show());
  }

  files() {
    return fileButton(this.page, { formats: FORMATS, address: () => `${this.base}/files`, query: (format) => this.asked({ format }) });
  }

  typed(text) {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.narrow({ q: text || null }), TYPING_MS);
  }

  turn(view) {
    this.narrow({ view: view === 'table' ? null : view });
  }

  /** Change the filter; null takes a part away. */
  narrow(parts) {
    for (const [name, value] of Object.entries(parts)) value === null ? this.query.delete(name) : this.query.set(name, value);
    history.replaceState(null, '', `${location.pathname}${this.query.size ? `?${this.query}` : ''}`);
    return this.show();
  }

  async show() {
    const { page, view } = this;
    for (const tab of this.tabs.children) tab.setAttribute('aria-selected', String(tab.dataset.view === view));
    for (const [name, place] of Object.entries(this.places)) place.hidden = name !== view;
    this.drawChips();
    try {
      await Promise.all([this.drawView(), this.recount()]);
    } catch (error) {
      this.table = null;
      this.places[view].replaceChildren(failure(page, error, () => this.show()));
    }
  }

  async drawView() {
    const { page, view } = this;
    if (view === 'table') {
      this.table ??= new AnswerTable(this, this.places.table);
      return this.table.load();
    }
    const said = await get(page, `${this.base}/summary?${this.asked()}`);
    if (view === 'charts') return (await import('./forms_charts.mjs')).drawCharts(this, this.places.charts, said);
    return (await import('./forms_map.mjs')).drawMap(this, this.places.map, said.points);
  }

  /** How many answers there are in each state of review. */
  async recount() {
    const { page } = this;
    const asked = this.asked().toString();
    const counts = await get(page, `${this.base}/counts?${asked}`);
    if (asked !== this.asked().toString()) return;
    const now = this.query.get('review') ?? '';
    const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
    const chip = (state, n) => h('button', { type: 'button', class: 'desk-flag', 'data-review': state, 'aria-pressed': String(now === state), onclick: () => this.narrow({ review: state || null }) }, state ? h('i', { class: `review-mark is-${state}` }) : null, page.say(state ? `review.${state}` : 'review_all'), h('b', { class: 'answer-n', text: page.number.format(n) }));
    const edited = h('button', { type: 'button', class: 'desk-flag', 'data-edited': '', 'aria-pressed': String(this.query.has('edited')), onclick: () => this.narrow({ edited: this.query.has('edited') ? null : '1' }) }, icon('pencil'), page.say('edited'));
    this.reviews.replaceChildren(chip('', all), ...REVIEWS.filter((state) => counts[state] || now === state).map((state) => chip(state, counts[state] ?? 0)), edited);
  }

  drawChips() {
    const { page, form } = this;
    const chips = [...this.query].filter(([name]) => name.startsWith('a.') || name === 'area').map(([name, value]) => {
      const question = form.questions.find((one) => `a.${one.name}` === name);
      const text = question ? `${question.label}: ${question.choices[value] ?? (value || page.say('unanswered'))}` : (form.areas[value.split(':')[1]] ?? value);
      return h('button', { type: 'button', class: 'desk-chip', 'aria-label': `${text} ${page.say('close')}`, onclick: () => this.narrow({ [name]: null }) }, text, icon('x'));
    });
    this.chips.replaceChildren(...chips);
  }

  /** Open one answer beside the view. */
  async open(id) {
    const { page } = this;
    this.shown = id;
    this.table?.mark(id);
    try {
      const said = await get(page, `${this.base}/answers/${id}?lang=${page.language}`);
      if (this.shown === id) drawAnswer(this, said);
    } catch (error) {
      this.aside.replaceChildren(failure(page, error, () => this.open(id)));
    }
    this.aside.hidden = false;
  }

  close() {
    this.shown = null;
    this.aside.hidden = true;
    this.table?.mark(null);
  }

  step(by) {
    const next = this.table?.beside(this.shown, by);
    if (next) this.open(next);
  }

  async review(ids, state, note) {
    const { marked } = await change(this.page, 'POST', `${this.base}/review`, { ids, state, note });
    this.table?.review(marked, state);
    await Promise.all([this.recount(), this.shown ? this.open(this.shown) : null]);
  }
}
