/* A record: its values at one look with their age and where they come from; why each is what it is; its relations; what happened to it;
   who has read it. What leads to a person is shown in full only for a purpose, which is written down. */

import { readQuery, writeQuery } from './address.mjs';
import { button, change, confirm, dialog, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { Find, kindIcon } from './registry_find.mjs';
import { history, reads } from './registry_history.mjs';
import { relations } from './registry_relations.mjs';

const TABS = ['history', 'reads'];

export async function open(config, code) {
  const record = new RegistryRecord(config, code);
  await record.load();
}

class RegistryRecord {
  constructor(config, code) {
    this.page = new Page(config);
    this.code = code;
    const query = readQuery();
    Object.assign(this, { purpose: query.get('purpose'), tab: TABS.includes(query.get('tab')) ? query.get('tab') : 'history', opened: query.get('field') });
  }

  async load() {
    const { page } = this;
    try {
      const said = await get(page, `/api/registry/records/${encodeURIComponent(this.code)}?lang=${page.language}${this.purpose ? `&purpose=${encodeURIComponent(this.purpose)}` : ''}`);
      page.follow({ city: { timezone: said.timezone }, now: said.now });
      this.said = said;
      this.draw();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  draw() {
    const { page, said } = this;
    const place = h('div', { class: 'registry-find' });
    const head = h('header', { class: 'sheet-head registry-head' }, h('a', { class: 'forms-quiet', href: '/registry', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')), h('h1', { class: 'record-crumb', text: page.say('title') }), place, h('div', { class: 'sheet-tools' }));
    slot('room').replaceChildren(head, h('div', { class: 'record' }, this.top(), h('div', { class: 'record-columns' }, this.values(), h('div', { class: 'record-more' }, relations(page, said), this.tabs()))));
    if (!this.find) {
      register('/', page.say('key.find'), () => this.find.focus());
      register('Escape', page.say('key.back'), () => location.assign('/registry'));
    }
    this.find = new Find(page, place);
    this.remember();
  }

  top() {
    const { page, said } = this;
    const chips = [said.stale ? h('span', { class: 'registry-chip is-stale', text: page.say('chip.stale') }) : null, said.missing.length ? h('span', { class: 'registry-chip is-missing', text: page.say('lacks', { names: said.missing.join(page.say('between')) }) }) : null];
    return h('section', { class: 'record-top' },
      h('span', { class: 'record-mark' }, kindIcon(said.kind)),
      h('div', { class: 'record-who' }, h('h2', { text: said.name }), h('p', { text: [page.say(`kind.${said.kind}`), said.where].filter(Boolean).join(' · ') }), h('p', { class: 'record-chips' }, chips, h('span', { class: 'registry-chip', text: page.say('claims_n', { n: said.claims }) }), h('span', { class: 'registry-chip', text: page.say('updated', { time: page.moment(said.updated) }) }))),
      this.purposes());
  }

  /* Numbers and conditions of a person are shown for a purpose, and the reading is written down with it. */
  purposes() {
    const { page, said } = this;
    const fitting = said.purposes.filter(({ needs }) => needs);
    const select = h('select', { 'aria-label': page.say('purpose'), onchange: ({ target }) => { this.purpose = target.value || null; this.load(); } }, h('option', { value: '', text: page.say('purpose_none') }), fitting.map(({ code, name }) => h('option', { value: code, text: name, selected: code === said.purpose })));
    const chosen = fitting.find(({ code }) => code === said.purpose);
    return h('div', { class: `record-purpose${chosen ? ' is-chosen' : ''}` }, h('label', {}, h('span', {}, icon(chosen ? 'eye' : 'eye-off'), page.say('purpose')), select), h('small', { text: chosen ? page.say('purpose_basis', { basis: chosen.basis }) : page.say('purpose_about') }));
  }

  values() {
    const { page, said } = this;
    const known = said.fields.filter(({ value }) => value !== null);
    const unknown = said.fields.filter(({ value }) => value === null);
    return h('section', { class: 'record-values', 'aria-label': page.say('values') }, known.map((field) => this.field(field)),
      unknown.length ? h('details', { class: 'record-unknown' }, h('summary', { text: page.say('unknown_n', { n: unknown.length }) }), unknown.map((field) => h('p', {}, h('span', { text: field.label }), field.expected ? h('em', { text: page.say('expected') }) : null, this.may('correct') ? button(page.say('add'), 'plus', () => this.correct(field), { quiet: true }) : null))) : null);
  }

  may(right) {
    return this.said.may.includes(`registry.${right}`);
  }

  field(field) {
    const { page } = this;
    const age = h('span', { class: `record-age${field.stale ? ' is-stale' : ''}`, title: field.fresh_until ? page.say('fresh_until', { day: field.fresh_until }) : page.say('fresh_ever'), text: page.say('ago', { time: ago(page, field.at) }) });
    const proof = h('span', { class: `record-proof is-${field.verification}`, title: page.say(`proof.${field.verification}`) }, icon(field.verification === 'none' ? 'circle-dot' : 'badge-check'), page.say(`proof.${field.verification}`));
    const head = h('summary', { class: 'record-field' },
      h('span', { class: 'record-label', text: field.label }),
      h('b', { class: field.masked ? 'is-masked' : '', title: field.masked ? page.say('masked') : null, text: field.value }),
      h('span', { class: 'record-rests' }, age, proof, h('span', { class: 'record-source', text: field.source_label || page.say(`source.${field.source}`) })),
      h('span', { class: 'record-count', text: field.claims.length > 1 ? page.say('claims_short', { n: field.claims.length }) : '' }), icon('chevron-down'));
    return h('details', { 'data-field': field.name, open: this.opened === field.name, ontoggle: ({ target }) => { if (target.open) this.opened = field.name; else if (this.opened === field.name) this.opened = null; this.remember(); } }, head,
      h('div', { class: 'record-why' }, h('p', { text: field.why }), h('ol', { class: 'record-claims' }, field.claims.map((claim) => this.claim(claim))), this.may('correct') ? button(page.say('correct'), 'pencil', () => this.correct(field), { name: 'record-correct' }) : null));
  }

  claim(claim) {
    const { page } = this;
    return h('li', { class: `record-claim is-${claim.reason}` },
      h('b', { text: claim.value ?? page.say('erased') }), h('span', { class: 'record-reason', text: page.say(`reason.${claim.reason}`) }),
      h('span', { text: [page.say('said_at', { day: day(page, claim.at) }), page.say(`source.${claim.source}`), claim.label, claim.by, page.say(`proof.${claim.verification}`), claim.consent ? page.say('by_consent') : null].filter(Boolean).join(' · ') }));
  }

  tabs() {
    const { page, said } = this;
    const tab = (name, n) => h('button', { type: 'button', role: 'tab', id: `record-tab-${name}`, 'aria-selected': String(this.tab === name), onclick: () => { this.tab = name; this.draw(); document.getElementById(`record-tab-${name}`).focus(); } }, page.say(`tab.${name}`), h('small', { text: String(n) }));
    return h('section', { class: 'record-past' }, h('div', { class: 'cells-tabs', role: 'tablist', 'aria-label': page.say('past') }, tab('history', said.history.length), tab('reads', said.reads.length)), h('div', { role: 'tabpanel', 'aria-labelledby': `record-tab-${this.tab}` }, this.tab === 'reads' ? reads(page, said.reads) : history(page, said, said.may.includes('registry.review') ? (merge) => this.undo(merge) : null)));
  }

  async undo(merge) {
    const { page } = this;
    if (!(await confirm(page, page.say('merge.sure'), page.say('merge.undo')))) return;
    await change(page, 'POST', `/api/registry/records/merges/${merge}/undo`);
    await this.load();
  }

  correct(field) {
    const { page } = this;
    const value = editor(page, field);
    const reason = h('input', { name: 'reason', maxlength: 300, required: true, placeholder: page.say('reason_hint') });
    const told = h('p', { class: 'desk-told', role: 'alert' });
    dialog(page.say('correct_of', { field: field.label }), 'record-edit', (close) => h('form', { onsubmit: async (event) => {
      event.preventDefault();
      try {
        await change(page, 'POST', `/api/registry/records/${encodeURIComponent(this.said.code)}/corrections`, { field: field.name, value: value.read(), reason: reason.value });
        this.opened = field.name;
        close();
        await this.load();
      } catch (error) {
        told.textContent = error.message;
      }
    } }, h('h2', { text: page.say('correct_of', { field: field.label }) }), h('p', { class: 'cells-note', text: page.say('correct_about') }), h('label', { class: 'desk-field' }, h('span', { text: page.say('value') }), value.node), h('label', { class: 'desk-field' }, h('span', { text: page.say('reason') }), reason), told,
    h('div', { class: 'forms-confirm-acts' }, button(page.say('cancel'), null, close), h('button', { type: 'submit', class: 'desk-button is-main', text: page.say('save') }))));
    value.node.focus();
  }

  remember() {
    writeQuery({ purpose: this.purpose, tab: this.tab === TABS[0] ? null : this.tab, field: this.opened });
  }
}

/* A control for a field's type. @returns {{ node: HTMLElement, read: () => unknown }} */
function editor(page, field) {
  if (field.type === 'choice') {
    const node = h('select', { name: 'value' }, field.choices.map(([value, text]) => h('option', { value, text, selected: value === field.raw })));
    return { node, read: () => node.value };
  }
  if (field.type === 'choices') {
    const chosen = new Set(field.raw ?? []);
    const node = h('div', { class: 'record-choices', tabindex: '-1' }, field.choices.map(([value, text]) => { const box = h('input', { type: 'checkbox', value }); box.checked = chosen.has(value); return h('label', {}, box, text); }));
    return { node, read: () => [...node.querySelectorAll('input:checked')].map(({ value }) => value) };
  }
  const kind = { integer: 'number', decimal: 'number', phone: 'tel' }[field.type] ?? 'text';
  const node = h('input', { name: 'value', type: kind, required: true, value: field.raw ?? '', placeholder: field.type === 'date' ? '2000-01-31' : null });
  if (field.type === 'decimal') node.step = 'any';
  return { node, read: () => (kind === 'number' ? Number(node.value) : node.value.trim()) };
}

export const day = (page, seconds) => new Intl.DateTimeFormat('sv-SE', { timeZone: page.timezone }).format(new Date(seconds * 1000));

/** How long ago, in the coarsest unit that says it: days, months, years. */
export function ago(page, seconds) {
  const days = Math.max(0, Math.floor((page.now() - seconds) / 86_400));
  if (days < 1) return page.say('today');
  if (days < 60) return page.say('days', { n: days });
  return days < 730 ? page.say('months', { n: Math.floor(days / 30.44) }) : page.say('years', { n: Math.floor(days / 365.25) });
}
