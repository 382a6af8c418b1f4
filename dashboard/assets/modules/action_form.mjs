/* The small form of an action: what it needs, its reason by a number key, Enter to carry it out. */

import { FIELDS } from './action_fields.mjs';
import { get } from './office.mjs';
import { element } from './page.mjs';

const NO_CHOICES = { conditions: [], departments: [], purposes: [], parties: [] };
const CHOOSING = new Set(['condition', 'departments', 'lead', 'party', 'purpose']);

/**
 * Ask for what an action needs.
 * @param {object} page
 * @param {object} action as /api/desk/actions describes it
 * @param {object[]} cases those that it is for
 * @param {object} [chosen] a team or main case that was pressed already
 * @returns {Promise<((one: object) => object|null)|null>} what the command says for each case (null: nothing fits it); null when cancelled
 */
export async function askFor(page, action, cases, chosen) {
  const choices = cases.length === 1 && action.fields.some((name) => CHOOSING.has(name))
    ? { ...NO_CHOICES, ...(await get(page, `/api/desk/cases/${cases[0].id}/choices?lang=${page.language}`)) } : NO_CHOICES;
  return new Promise((done) => new Form(page, action, cases, choices, chosen, done));
}

class Form {
  constructor(page, action, cases, choices, chosen, done) {
    Object.assign(this, { page, action, cases });
    this.fields = action.fields.map((name) => FIELDS[name]({ page, cases, choices, chosen })).filter(Boolean);
    this.dialog = this.draw();
    this.dialog.addEventListener('close', () => {
      this.dialog.remove();
      done(this.dialog.returnValue === 'done' ? (one) => this.saidFor(one) : null);
    });
    this.dialog.addEventListener('keydown', (event) => this.pressed(event));
    document.body.append(this.dialog);
    this.dialog.showModal();
    (this.dialog.querySelector('.act-reason, .act-fields :is(input, select, textarea, button)') ?? this.send).focus();
  }

  draw() {
    const { page, action, cases } = this;
    const dialog = element('dialog', `act-form${action.heavy ? ' is-heavy' : ''}`);
    dialog.setAttribute('aria-label', action.name);
    const head = element('header');
    head.append(element('h2', '', action.name), element('span', 'act-of', cases.length > 1 ? page.say('act.cases', { n: cases.length }) : `${cases[0].number} · ${cases[0].title}`));
    dialog.append(head, element('p', 'act-needs', action.needs));
    const fields = element('div', 'act-fields');
    for (const { label, node } of this.fields) {
      const group = element('div', 'act-field');
      group.append(element('span', 'act-label', label), node);
      fields.append(group);
    }
    if (action.reason) fields.append(...this.reasons());
    this.told = element('p', 'act-told');
    this.told.setAttribute('role', 'alert');
    dialog.append(fields, this.told, this.foot());
    return dialog;
  }

  reasons() {
    const { page, action } = this;
    const list = element('div', 'act-reasons');
    list.setAttribute('role', 'radiogroup');
    list.setAttribute('aria-label', page.say('act.reason'));
    action.reasons.forEach(([code, words], at) => {
      const button = element('button', 'act-reason');
      button.type = 'button';
      button.dataset.code = code;
      button.setAttribute('role', 'radio');
      button.append(element('kbd', '', String(at + 1)), element('span', '', words));
      button.addEventListener('click', () => this.choose(code));
      list.append(button);
    });
    const group = element('div', 'act-field');
    group.append(element('span', 'act-label', page.say('act.reason')), list);
    this.words = Object.assign(document.createElement('textarea'), { rows: 2, maxLength: 500, placeholder: page.say('act.words_hint'), name: 'reason' });
    const said = element('div', 'act-field');
    said.append(element('span', 'act-label', page.say('act.words')), this.words);
    this.list = list;
    this.choose(action.reasons[0][0]);
    return [group, said];
  }

  choose(code) {
    this.code = code;
    for (const button of this.list.children) button.setAttribute('aria-checked', String(button.dataset.code === code));
    if (code === 'other' && this.dialog) this.words.focus();
  }

  foot() {
    const { page, action } = this;
    const foot = element('footer', 'act-foot');
    const cancel = Object.assign(element('button', 'button', page.say('act.cancel')), { type: 'button' });
    cancel.addEventListener('click', () => this.dialog.close());
    this.send = Object.assign(element('button', 'button is-main', action.name), { type: 'button' });
    this.send.dataset.act = 'send';
    this.send.append(element('kbd', '', '↵'));
    this.send.addEventListener('click', () => this.finish());
    foot.append(cancel, this.send);
    return foot;
  }

  pressed(event) {
    const typing = event.target.matches('textarea, input:not([type=checkbox], [type=radio])');
    if (event.key === 'Enter' && !event.isComposing && (!event.target.matches('textarea') || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (event.target.textContent === this.page.say('act.cancel')) return this.dialog.close();
      return this.finish();
    }
    const at = Number(event.key);
    if (!typing && this.list && at >= 1 && at <= this.action.reasons.length) {
      event.preventDefault();
      this.choose(this.action.reasons[at - 1][0]);
    }
    return undefined;
  }

  finish() {
    const missing = this.fields.find((field) => field.value() === null);
    if (missing) return (this.told.textContent = this.page.say('act.missing', { field: missing.label }));
    if (this.action.reason && this.code === 'other' && !this.words.value.trim()) {
      this.told.textContent = this.page.say('act.say_which');
      return this.words.focus();
    }
    return this.dialog.close('done');
  }

  /* What the command says for one case. */
  saidFor(one) {
    const parts = this.fields.map((field) => (field.of ? field.of(one) : field.value()));
    if (parts.includes(null)) return null;
    const [, label] = this.action.reasons.find(([code]) => code === this.code) ?? [];
    const reason = this.action.reason ? { code: this.code, reason: this.words.value.trim() || label } : {};
    return Object.assign({}, ...parts, reason);
  }
}
