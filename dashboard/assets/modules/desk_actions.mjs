/* What may be done with the chosen cases: a button and a letter for each, forms, outcomes, and the way back. */

import { askFor } from './action_form.mjs';
import { carryOut } from './action_run.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { element, slot } from './page.mjs';

const SETTLE_MS = 90;
const MOST = 200;
const SHOWN_FAILURES = 4;

/* Accepting a case whose matter nobody knows says what it is about. */
const unknown = (cases) => (cases.length === 1 && !cases[0].classified ? ['matter'] : []);

export class Actions {
  /**
   * @param {object} page words
   * @param {string[][]} letters [letter, what it may mean]: for the list of keys
   * @param {(ids: number[]) => unknown} changed told which cases the server has changed
   */
  constructor(page, letters, changed) {
    Object.assign(this, { page, changed, ids: [], cases: [], actions: [], turn: 0 });
    this.bar = slot('acts');
    this.bar.addEventListener('click', (event) => this.clicked(event));
    for (const [letter, words] of letters) register(letter, words, () => this.press(letter));
    addEventListener('keydown', (event) => this.pressed(event));
    this.draw();
  }

  /** These cases are chosen now. */
  choose(ids) {
    if (ids.join() === this.ids.join()) return;
    this.ids = ids.slice(0, MOST);
    this.typed = null;
    this.ask(SETTLE_MS);
  }

  /** Ask what may be done with them; buttons of before stay until the answer is here. */
  ask(wait = 0) {
    const turn = (this.turn += 1);
    clearTimeout(this.timer);
    this.bar.dataset.waits = 'true';
    this.timer = setTimeout(() => this.load(turn), wait);
  }

  async load(turn) {
    const query = new URLSearchParams([...this.ids.map((id) => ['case', id]), ['lang', this.page.language]]);
    const said = this.ids.length ? await get(this.page, `/api/desk/actions?${query}`).catch(() => null) : { cases: [], actions: [] };
    if (turn !== this.turn) return;
    Object.assign(this, said ?? { cases: [], actions: [] });
    this.bar.dataset.waits = 'false';
    this.draw();
    const letter = this.typed;
    this.typed = null;
    if (letter) this.press(letter);
  }

  /** What is offered: with several cases chosen nothing that is about one alone. */
  get offered() {
    return this.cases.length > 1 ? this.actions.filter(({ single }) => !single) : this.actions;
  }

  /** The cases that allow an action. */
  able(action) {
    return this.cases.filter((one) => one.actions[action.code]);
  }

  draw() {
    const { page, cases } = this;
    const head = element('p', 'act-chosen', cases.length ? page.say('act.chosen', { n: page.number.format(cases.length) }) : page.say('act.none'));
    this.bar.replaceChildren(head, ...this.offered.map((action) => this.button(action)));
  }

  button(action) {
    const able = this.able(action).length;
    const made = element('button', `act-button${action.heavy ? ' is-heavy' : ''}`);
    made.type = 'button';
    made.dataset.act = action.code;
    made.title = action.needs;
    made.append(element('kbd', '', action.key.toUpperCase()), element('span', '', action.name));
    if (able < this.cases.length) made.append(element('small', '', `${able}/${this.cases.length}`));
    return made;
  }

  clicked(event) {
    const code = event.target.closest('[data-act]')?.dataset.act;
    const action = this.offered.find((one) => one.code === code);
    if (action) this.start(action);
  }

  /** @returns {boolean} whether the letter does something with what is chosen */
  press(letter) {
    if (this.bar.dataset.waits === 'true') {
      this.typed = letter; // it is meant for what the case will be
      return true;
    }
    const action = this.offered.find(({ key, code }) => key === letter && this.cases.some((one) => one.actions[code]));
    if (!action) return false;
    this.start(action);
    return true;
  }

  /* Ctrl+Z takes the last action back where the table knows a way. */
  pressed(event) {
    if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.target.closest('input, textarea, dialog')) return;
    if (this.takeBack) {
      event.preventDefault();
      this.takeBack();
    }
  }

  /** Begin for one case the first of these actions that it allows; `chosen`: a team or main case that was pressed already. */
  async beginFor(id, codes, chosen) {
    this.ids = [id];
    await this.load((this.turn += 1));
    const action = this.actions.find(({ code }) => codes.includes(code));
    if (action) await this.start(action, chosen);
  }

  async start(given, chosen) {
    const cases = this.able(given);
    const action = given.code === 'accept' ? { ...given, fields: unknown(cases) } : given;
    const plain = !action.fields.length && !action.reason && cases.length === 1;
    try {
      const saidFor = plain ? () => ({}) : await askFor(this.page, action, cases, chosen);
      // The case that the others are merged into is not merged itself.
      if (saidFor) await this.run(action, action.code === 'merge' ? cases.filter(saidFor) : cases, saidFor);
    } catch (error) {
      this.tell([element('span', 'act-failed', error.message)]);
    }
  }

  async run(action, cases, saidFor) {
    this.takeBack = null;
    this.bar.dataset.waits = 'true';
    const progress = Object.assign(element('progress'), { max: cases.length, value: 0 });
    const label = element('span', '', this.page.say('act.running', { name: action.name, n: cases.length }));
    this.tell([label, progress]);
    const outcomes = await carryOut(this.page, action, cases, saidFor, (_outcome, done) => (progress.value = done));
    const done = outcomes.filter(({ ok }) => ok);
    this.conclude(action, outcomes, done);
    await this.changed(outcomes.map(({ one }) => one.id));
    this.ask();
  }

  conclude(action, outcomes, done) {
    const { page } = this;
    const failed = outcomes.filter(({ ok }) => !ok);
    const parts = [];
    if (done.length) parts.push(element('span', 'act-done', page.say('act.done', { name: action.past, what: done.length === 1 ? done[0].one.number : page.say('act.cases', { n: done.length }) })));
    for (const { one, said } of failed.slice(0, SHOWN_FAILURES)) parts.push(element('span', 'act-failed', `${one.number} ${said}`));
    if (failed.length > SHOWN_FAILURES) parts.push(element('span', 'act-failed', page.say('act.more_failed', { n: failed.length - SHOWN_FAILURES })));
    if (action.undo && done.length) parts.push(this.undoButton(action, done));
    this.tell(parts);
  }

  undoButton(action, done) {
    const { page } = this;
    const button = Object.assign(element('button', 'act-undo', page.say('act.undo')), { type: 'button' });
    button.append(element('kbd', '', 'Ctrl Z'));
    this.takeBack = () => this.undo(action, done);
    button.addEventListener('click', this.takeBack);
    return button;
  }

  /* As the table has it: an action of its own, with its own reason. */
  async undo(action, done) {
    this.takeBack = null;
    const { page } = this;
    const query = new URLSearchParams([...done.map(({ one }) => ['case', one.id]), ['lang', page.language]]);
    const { cases, actions } = await get(page, `/api/desk/actions?${query}`);
    const back = actions.find(({ code }) => code === action.undo);
    const able = back ? cases.filter((one) => one.actions[back.code]) : [];
    if (!able.length) return this.tell([element('span', 'act-failed', page.say('act.no_undo'))]);
    return this.run({ ...back, undo: null }, able, () => ({ reason: page.say('act.undo_reason', { name: action.name }), code: 'by_mistake' }));
  }

  tell(parts) {
    slot('act-told').replaceChildren(...parts);
  }
}
