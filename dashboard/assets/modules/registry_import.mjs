/* Bringing a table into the registry: the file, which column is which field, what it may be used for; then how far it is, and what
   became of its rows. The same as `needle registry import`. */

import { dateField } from './date_field.mjs';
import { button, change, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { csrfToken } from './post.mjs';
import { preview } from './registry_import_preview.mjs';

const TYPES = '.xlsx,.csv,.parquet';
const LOOK_MS = 400;
const ROOM = '/api/registry/import';

export async function open(config) {
  const room = new Import(config);
  await room.load();
}

class Import {
  constructor(config) {
    this.page = new Page(config);
    this.parts = Object.fromEntries(['file', 'columns', 'source', 'run'].map((name) => [name, h('section', { class: `import-step import-${name}`, 'aria-label': this.page.say(`import.${name}`) })]));
    addEventListener('pagehide', () => this.job && change(this.page, 'DELETE', this.job).catch(() => { /* it has ended already */ }));
  }

  async load() {
    const { page } = this;
    try {
      this.room = await get(page, `${ROOM}?lang=${page.language}`);
      page.follow({ city: { timezone: this.room.timezone }, now: this.room.now });
      if (!this.known) register('Escape', page.say('key.back'), () => location.assign('/registry'));
      this.known = true;
      const head = h('header', { class: 'sheet-head registry-head' }, h('a', { class: 'forms-quiet', href: '/registry', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')), h('h1', { text: page.say('import.title') }), h('p', { class: 'desk-total', text: page.say('import.about') }));
      slot('room').replaceChildren(head, h('div', { class: 'registry-import' }, Object.values(this.parts)));
      this.drawFile();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  /* --- the file --- */

  drawFile(wrong = '') {
    const { page } = this;
    const input = h('input', { type: 'file', accept: TYPES, class: 'unseen', onchange: () => this.bring(input.files[0]) });
    const told = h('p', { class: 'import-told', role: wrong ? 'alert' : 'status', text: wrong });
    const way = h('label', { class: 'begin-way begin-upload import-drop' }, icon('upload'), h('b', { text: page.say('import.choose') }), h('span', { text: page.say('import.choose_text') }), input, told);
    for (const name of ['dragover', 'dragenter', 'dragleave', 'drop']) {
      way.addEventListener(name, (event) => {
        event.preventDefault();
        way.classList.toggle('is-over', name.startsWith('drago') || name === 'dragenter');
        if (name === 'drop') this.bring(event.dataTransfer.files[0]);
      });
    }
    this.told = told;
    this.parts.file.replaceChildren(way);
    for (const name of ['columns', 'source', 'run']) this.parts[name].replaceChildren();
  }

  async bring(file) {
    const { page } = this;
    if (!file) return;
    this.told.textContent = page.say('import.reading', { name: file.name });
    const answer = await fetch(`${ROOM}/tables?lang=${page.language}&name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file, headers: { 'X-CSRF-Token': csrfToken(), 'Content-Type': 'application/octet-stream' } }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (!answer?.ok) return this.drawFile(said?.[page.language] ?? page.say('offline.text'));
    this.table = said.table;
    this.name = said.name;
    this.parts.file.replaceChildren(h('p', { class: 'import-chosen' }, icon('table-2'), h('b', { text: said.name }), h('span', { text: page.say('import.rows', { n: page.number.format(said.rows) }) }), button(page.say('import.other'), null, () => this.drawFile(), { name: 'import-other' })));
    this.drawSource();
    this.drawColumns(said);
    return this.parts.columns.querySelector('select')?.focus();
  }

  /* --- which column is which field --- */

  drawColumns(looked) {
    const { page } = this;
    this.looked = looked;
    const kind = h('select', { name: 'kind', onchange: () => this.look(kind.value, null) }, this.room.kinds.map((name) => h('option', { value: name, text: page.say(`kind.${name}`) })));
    kind.value = looked.kind;
    const pick = (heading, field) => {
      const mapping = { ...looked.mapping, [heading]: field };
      for (const [other, taken] of Object.entries(mapping)) if (other !== heading && taken === field) mapping[other] = '';
      this.look(looked.kind, mapping, heading);
    };
    this.parts.columns.replaceChildren(h('header', { class: 'import-head' }, h('h2', { text: page.say('import.columns') }), h('label', { class: 'desk-field' }, h('span', { text: page.say('import.kind') }), kind)), ...preview(page, looked, pick));
    this.drawRun();
  }

  async look(kind, mapping, heading) {
    const { page } = this;
    try {
      this.drawColumns(await change(page, 'POST', `${ROOM}/tables/${this.table}/look?lang=${page.language}`, { kind, mapping }));
      const picked = heading === undefined ? 'kind' : `field:${heading}`;
      this.parts.columns.querySelector(`select[name="${CSS.escape(picked)}"]`)?.focus();
    } catch (error) {
      this.drawFile(error.message);
    }
  }

  /* --- where it comes from --- */

  drawSource() {
    const { page, room } = this;
    const field = (name, control) => h('label', { class: 'desk-field' }, h('span', { text: page.say(`import.${name}`) }), control, h('small', { text: page.say(`import.${name}_text`) }));
    this.label = h('input', { name: 'label', maxlength: 120, value: this.name });
    this.consent = h('input', { name: 'consent', maxlength: 120 });
    this.proof = h('select', { name: 'verification' }, room.proofs.map((name) => h('option', { value: name, text: page.say(`proof.${name}`) })));
    this.at = dateField(page, { value: new Date(room.now * 1000).toLocaleDateString('sv', { timeZone: room.timezone }), name: 'at', label: page.say('import.at') });
    const boxes = room.purposes.map(({ code, name, basis }) => h('label', { title: basis }, h('input', { type: 'checkbox', name: 'purpose', value: code }), h('span', { text: name }), h('small', { text: basis })));
    this.purposes = h('fieldset', { class: 'keys-purposes import-purposes' }, h('legend', { text: page.say('import.purposes') }), h('p', { class: 'cells-note', text: page.say('import.purposes_text') }), boxes);
    const day = h('div', { class: 'desk-field' }, h('span', { text: page.say('import.at') }), this.at.node, h('small', { text: page.say('import.at_text') }));
    this.parts.source.replaceChildren(h('h2', { text: page.say('import.source') }), h('div', { class: 'import-fields' }, field('label', this.label), day, field('verification', this.proof), field('consent', this.consent)), this.purposes);
  }

  /* --- the import --- */

  drawRun(wrong = '') {
    const { page, looked } = this;
    const keyed = looked.fields.filter(({ key }) => key);
    const tells = keyed.some(({ name }) => Object.values(looked.mapping).includes(name));
    const told = wrong || (tells ? '' : page.say('import.no_key', { known: keyed.map(({ label }) => label).join(page.say('import.or')) }));
    this.parts.run.replaceChildren(h('p', { class: 'import-told', role: 'alert', text: told }), button(page.say('import.begin', { n: page.number.format(looked.rows) }), 'upload', () => this.begin(), { main: true, name: 'import-begin', disabled: !tells }));
  }

  async begin() {
    const { page, looked } = this;
    const purposes = [...this.purposes.querySelectorAll('input:checked')].map(({ value }) => value);
    try {
      let said = await change(page, 'POST', `${ROOM}/tables/${this.table}/run?lang=${page.language}`, { kind: looked.kind, mapping: looked.mapping, label: this.label.value, at: this.at.read(), verification: this.proof.value, consent: this.consent.value, purposes });
      const at = (this.job = `${ROOM}/jobs/${said.id}`);
      this.wait();
      while (!said.outcome && !said.error) {
        await new Promise((done) => setTimeout(done, LOOK_MS));
        if (this.job !== at) return;
        said = await get(page, at);
        this.watch(said);
      }
      this.job = null;
      if (said.error) return this.drawRun(said.error[page.language]);
      return this.drawOutcome(said.outcome, at);
    } catch (error) {
      this.job = null;
      return this.drawRun(error.message);
    }
  }

  wait() {
    const { page } = this;
    this.bar = h('progress', { 'aria-label': page.say('import.running') });
    this.done = h('p', { class: 'desk-progress', role: 'status', text: page.say('import.running') });
    const stop = button(page.say('import.stop'), null, async () => {
      const at = this.job;
      this.job = null;
      await change(page, 'DELETE', at).catch(() => { /* it has ended already */ });
      this.drawRun(page.say('import.stopped'));
    }, { name: 'import-stop' });
    this.parts.run.replaceChildren(h('div', { class: 'import-running' }, this.bar, this.done, stop));
    stop.focus();
  }

  watch({ done, total }) {
    if (total === null) return;
    Object.assign(this.bar, { max: Math.max(1, total), value: done });
    this.done.textContent = this.page.say('import.done', { done: this.page.number.format(done), total: this.page.number.format(total) });
  }

  drawOutcome(outcome, at) {
    const { page } = this;
    const figure = (name) => h('p', { class: 'import-figure', 'data-outcome': name }, h('b', { text: page.number.format(outcome[name]) }), h('span', { text: page.say(`import.outcome.${name}`) }));
    const file = outcome.rejected ? h('a', { class: 'desk-button', href: `${at}/rejects.csv`, download: '' }, icon('download'), h('span', { text: page.say('import.rejects') })) : null;
    for (const name of ['columns', 'source']) this.parts[name].replaceChildren();
    const again = button(page.say('import.again'), 'upload', () => this.drawFile(), { main: true, name: 'import-again' });
    this.parts.run.replaceChildren(h('div', { class: 'import-outcome', role: 'status' }, h('h2', { text: page.say('import.ended') }), h('div', { class: 'import-figures' }, ['new', 'known', 'again', 'rejected'].map(figure)), h('p', { class: 'cells-note', text: page.say('import.linking') }), h('div', { class: 'import-acts' }, file, h('a', { class: 'desk-button', href: '/registry' }, icon('library'), h('span', { text: page.say('back') })), again)));
    again.focus();
  }
}
