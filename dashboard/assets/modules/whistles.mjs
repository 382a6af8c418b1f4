/* The whistle board: live columns, letters on the chosen whistle, a new one by +, and the scores of both sides. */

import { withQuery } from './address.mjs';
import { chooseCase } from './case_finder.mjs';
import { Actions } from './desk_actions.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { element, setText, slot } from './page.mjs';
import { Sheet, mark, step } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { tick, whistleCard } from './whistle_card.mjs';

const CARDS = '.whistle';
const TICK_MS = 10_000;
const SCORES_MS = 60_000;
const EXPLAINED = { 'score.justified': 'score.justified.told', 'score.answered': 'score.answered.told', 'score.arrived': 'score.arrived.told', 'score.done': 'score.done.told' };

export async function start(config) {
  const board = new Whistles(config);
  await board.load();
  board.open();
}

class Whistles extends Sheet {
  address() {
    return `/api/whistles?lang=${this.page.language}`;
  }

  open() {
    const { page } = this;
    slot('board').addEventListener('click', (event) => this.choose(event.target.closest(CARDS)));
    slot('board').addEventListener('dblclick', () => this.openCase());
    slot('blow').addEventListener('click', () => this.blow());
    register('j', page.say('key.next'), () => this.choose(step(CARDS, 1)));
    register('k', page.say('key.previous'), () => this.choose(step(CARDS, -1)));
    register('ArrowDown', '', () => this.choose(step(CARDS, 1)));
    register('ArrowUp', '', () => this.choose(step(CARDS, -1)));
    register('Enter', page.say('key.open'), (event) => (event.target.closest('button, a, input') ? false : this.openCase()));
    register('+', page.say('blow'), () => this.blow());
    this.actions = new Actions(page, this.config.letters, () => this.load());
    setInterval(() => document.querySelectorAll('.whistle-left').forEach((made) => tick(page, made)), TICK_MS);
    setInterval(() => this.drawScores(), SCORES_MS);
    this.drawScores();
    this.follow();
  }

  draw({ columns, cards }) {
    const { page } = this;
    setText(slot('total'), page.say('total', { n: cards.filter(({ ended }) => !ended).length }));
    slot('board').replaceChildren(...columns.map((key) => this.column(key, cards.filter(({ column }) => column === key))));
    const chosen = slot('board').querySelector(`[data-case="${this.chosen}"]`);
    if (chosen) mark(CARDS, chosen);
  }

  column(key, cards) {
    const column = element('section', `board-column column-${key}`);
    const head = element('h2', '', this.page.say(`column.${key}`));
    head.append(element('b', '', String(cards.length)));
    const list = element('div', 'board-list');
    list.append(...cards.map((card) => whistleCard(this.page, card)));
    if (!cards.length) list.append(element('p', 'board-none', this.page.say(`none.${key}`)));
    column.append(head, list);
    return column;
  }

  choose(card) {
    if (!card) return;
    this.chosen = Number(card.dataset.case);
    mark(CARDS, card);
    this.actions.choose([this.chosen]);
  }

  openCase() {
    if (!this.chosen) return false;
    location.assign(withQuery({ case: this.chosen, sort: null }).replace(location.pathname, '/desk'));
    return true;
  }

  /** Find a case and blow a whistle for it. */
  async blow() {
    const id = await chooseCase(this.page, ['filed', 'handling']);
    if (id) await this.actions.beginFor(id, ['whistle']);
  }

  async drawScores() {
    const { page } = this;
    const said = await get(page, `/api/whistles/scores?lang=${page.language}`).catch(() => null);
    if (!said) return;
    const share = ([good, of]) => (of ? page.say('share', { percent: Math.round((100 * good) / of), good, of }) : '–');
    const streets = table(page, 'score.streets', ['score.street', 'score.whistles', 'score.justified'], said.streets.map((row) => [row.name, page.number.format(row.whistles), share(row.calls)]));
    const departments = table(page, 'score.departments', ['score.department', 'score.answered', 'score.arrived', 'score.done'], said.departments.map((row) => [row.name, share(row.answered), share(row.arrived), share(row.done)]));
    slot('scores').replaceChildren(streets, departments);
  }
}

/* What a heading counts, where that is not plain. */
const hint = (page, key) => (EXPLAINED[key] ? page.say(EXPLAINED[key]) : '');

function table(page, title, headings, rows) {
  const part = element('section', 'score');
  const made = element('table');
  made.append(element('caption', '', page.say(title)));
  const head = made.createTHead().insertRow();
  head.append(...headings.map((key) => Object.assign(element('th', '', page.say(key)), { scope: 'col', title: hint(page, key) })));
  const body = made.createTBody();
  for (const cells of rows) body.insertRow().append(...cells.map((text) => element('td', '', text)));
  part.append(made);
  if (!rows.length) part.append(stateOf('empty', { text: page.say('score.none'), icon: 'bell' }));
  return part;
}
