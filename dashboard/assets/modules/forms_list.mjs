/* The list of forms: what is asked and how much came back, drafts, and templates to begin with. */

import { button, change, confirm, dialog, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { stateOf } from './states.mjs';
import { upload } from './forms_upload.mjs';

export async function open(config) {
  const list = new FormList(config);
  await list.load();
}

class FormList {
  constructor(config) {
    this.config = config;
    this.page = new Page(config);
    this.query = new URLSearchParams(location.search).get('q') ?? '';
  }

  async load() {
    const { page } = this;
    try {
      this.said = await get(page, `/api/forms?lang=${page.language}`);
      page.follow({ city: { timezone: this.said.timezone }, now: this.said.now });
      this.draw();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  get mayEdit() {
    return this.said.may.includes('form.edit');
  }

  draw() {
    const { page, said } = this;
    this.body = h('div', { class: 'forms-body' });
    const find = h('input', { type: 'search', placeholder: page.say('search'), 'aria-label': page.say('search'), value: this.query, oninput: () => this.narrow(find.value) });
    const head = h('header', { class: 'forms-head' },
      h('h1', { text: page.say('title') }),
      h('p', { class: 'forms-total', role: 'status', text: page.say('total', { n: said.forms.length, drafts: said.drafts.length }) }),
      h('label', { class: 'desk-search' }, icon('search'), find),
      this.mayEdit ? button(page.say('new'), 'plus', () => this.begin(), { main: true, name: 'forms-new' }) : null);
    slot('room').replaceChildren(head, this.body);
    register('/', page.say('key.search'), () => find.focus());
    if (this.mayEdit) register('n', page.say('key.new'), () => this.begin());
    this.fill();
  }

  narrow(text) {
    this.query = text;
    this.fill();
  }

  fits({ title, key = '', of = '' }) {
    return `${title} ${key} ${of ?? ''}`.toLowerCase().includes(this.query.trim().toLowerCase());
  }

  fill() {
    const { page, said } = this;
    const [forms, drafts] = [said.forms, said.drafts].map((all) => all.filter((one) => this.fits(one)));
    const parts = [];
    if (drafts.length) parts.push(section(page.say('drafts'), drafts.length, h('div', { class: 'draft-cards' }, drafts.map((one) => this.draft(one)))));
    if (forms.length) parts.push(section(page.say('published'), forms.length, this.table(forms)));
    if (!parts.length) parts.push(this.query ? stateOf('empty', { title: page.say('nothing_found', { q: this.query }), text: page.say('nothing_text') }) : stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'file-text' }));
    if (this.mayEdit && !this.query) parts.push(h('section', { class: 'forms-section' }, h('h2', {}, page.say('begin'), h('small', { text: page.say('begin_text') })), this.templates()));
    this.body.replaceChildren(...parts);
  }

  table(forms) {
    const { page } = this;
    const heads = ['title', 'state', 'answered', 'waiting', 'last'].map((name) => h('th', { scope: 'col', class: `form-${name}`, text: page.say(`col.${name}`) }));
    return h('table', { class: 'form-table' }, h('thead', {}, h('tr', {}, heads, h('td'))), h('tbody', {}, forms.map((one) => this.row(one))));
  }

  row(one) {
    const { page } = this;
    const share = one.asked ? Math.min(1, one.answers / one.asked) : 0;
    const counted = one.asked ? page.say('of_asked', { n: page.number.format(one.answers), asked: page.number.format(one.asked) }) : page.number.format(one.answers);
    const address = `/forms/${encodeURIComponent(one.key)}`;
    return h('tr', { 'data-form': one.key },
      h('td', { class: 'form-title' }, h('a', { href: address, text: one.title }), h('small', { text: [one.area, page.say('version', { n: one.number }), one.key].filter(Boolean).join(' · ') })),
      h('td', { class: 'form-state' }, h('span', { class: `form-chip is-${one.state}`, text: page.say(`state.${one.state}`) })),
      h('td', { class: 'form-answered' }, h('b', { text: counted }), one.asked ? h('progress', { max: 1, value: share, 'aria-label': counted }) : null),
      h('td', { class: 'form-waiting' }, one.waiting ? h('a', { href: `${address}?review=received`, text: page.number.format(one.waiting) }) : '–'),
      h('td', { class: 'form-last', text: one.last ? page.moment(one.last) : page.say('never') }),
      h('td', { class: 'form-acts' },
        one.own && this.mayEdit ? h('a', { class: 'desk-button', href: `/outreach?form=${encodeURIComponent(one.key)}` }, icon('send'), page.say('ask')) : null,
        one.own && this.mayEdit ? button(page.say('new_version'), 'pencil', () => this.make({ form: one.key }), { quiet: true }) : null,
        h('a', { class: 'forms-quiet', href: `/api/forms/of/${encodeURIComponent(one.key)}/file.xlsx`, title: page.say('download'), 'aria-label': page.say('download') }, icon('download'))));
  }

  draft(one) {
    const { page } = this;
    return h('article', { class: 'draft-card' },
      h('a', { href: `/forms/${one.id}/edit`, text: one.title }),
      h('p', { text: one.of ? page.say('draft_next', { key: one.of }) : page.say('draft_new') }),
      h('p', { class: 'draft-when', text: page.say('updated', { time: page.moment(one.updated) }) }),
      button(page.say('discard'), 'trash-2', () => this.discard(one), { quiet: true }));
  }

  templates() {
    const { page } = this;
    return h('div', { class: 'template-cards' }, this.said.templates.map((one) =>
      h('button', { type: 'button', class: 'template-card', 'data-template': one.key, onclick: () => this.make({ template: one.key }) },
        icon(one.icon), h('b', { text: one.title }), h('span', { text: one.about }),
        h('small', { text: [page.say('questions', { n: one.questions }), page.say('minutes', { n: one.minutes })].join(' · ') }))));
  }

  begin() {
    const { page } = this;
    dialog(page.say('new'), 'forms-begin', (close) =>
      h('div', {},
        h('header', {}, h('h2', { text: page.say('new') }), button(page.say('close'), 'x', close, { quiet: true })),
        h('div', { class: 'begin-ways' }, upload(page, (id) => location.assign(`/forms/${id}/edit`)),
          h('button', { type: 'button', class: 'begin-way', 'data-act': 'blank', onclick: () => this.make({}) }, icon('file-plus'), h('b', { text: page.say('blank') }), h('span', { text: page.say('blank_text') }))),
        h('h3', { text: page.say('begin') }), this.templates()));
  }

  async make(what) {
    const { page } = this;
    try {
      const { id } = await change(page, 'POST', '/api/forms/drafts', { ...what, lang: page.language });
      location.assign(`/forms/${id}/edit`);
    } catch (error) {
      this.body.prepend(failure(page, error, () => this.make(what)));
    }
  }

  async discard(one) {
    const { page } = this;
    if (!(await confirm(page, page.say('discard_sure', { title: one.title }), page.say('yes_discard')))) return;
    await change(page, 'DELETE', `/api/forms/drafts/${one.id}`);
    await this.load();
  }
}

function section(title, count, content) {
  return h('section', { class: 'forms-section' }, h('h2', {}, title, h('b', { text: String(count) })), content);
}
