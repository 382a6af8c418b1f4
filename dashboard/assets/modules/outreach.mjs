/* Askings: a list, and one of them with its links and messages. What takes time shows how far it is, and can be stopped. */

import { readQuery, writeQuery } from './address.mjs';
import { change, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get, give } from './office.mjs';
import { setText, slot } from './page.mjs';
import { openNew } from './outreach_new.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';

const EVERY_MS = 8_000;
const LOOK_MS = 300;
const TABS = ['links', 'messages'];
const LINK_STATES = ['', 'silent', 'answered', 'revoked'];
const MESSAGE_STATES = ['', 'waiting', 'sent', 'dead', 'dropped'];

export async function start(config) {
  const outreach = new Outreach(config);
  await outreach.load();
  slot('new').addEventListener('click', () => outreach.begin());
  register('+', outreach.page.say('new'), () => outreach.begin());
  register('j', outreach.page.say('key.next'), () => outreach.step(1));
  register('k', outreach.page.say('key.previous'), () => outreach.step(-1));
  setInterval(() => document.hidden || outreach.isBusy || outreach.load(), EVERY_MS);
}

class Outreach extends Sheet {
  constructor(config) {
    super(config);
    const query = readQuery();
    Object.assign(this, { asking: Number(query.get('asking')) || null, tab: query.get('tab') === 'messages' ? 'messages' : 'links', filter: query.get('state') ?? '', text: query.get('q') ?? '', chosen: new Set() });
  }

  address() {
    return '/api/outreach';
  }

  get isBusy() {
    return Boolean(this.job || document.querySelector('dialog[open]') || this.chosen.size || document.activeElement?.matches('input, select, textarea'));
  }

  async draw({ askings, forms }) {
    const { page } = this;
    setText(slot('total'), page.say('total', { n: askings.length, open: askings.filter(({ state }) => state === 'open').length }));
    if (!askings.some(({ id }) => id === this.asking)) this.asking = askings[0]?.id ?? null;
    slot('list').replaceChildren(...askings.map((one) => this.card(one)));
    if (!askings.length) {
      const action = forms.length ? { words: page.say('new'), act: () => this.begin() } : { words: page.say('to_forms'), act: () => location.assign('/forms') };
      slot('list').replaceChildren();
      slot('one').replaceChildren(stateOf('empty', { title: page.say('none_title'), text: page.say(forms.length ? 'none_text' : 'none_forms'), icon: 'megaphone', action }));
      return;
    }
    await this.drawOne();
  }

  card(one) {
    const { page } = this;
    const made = h('button', { type: 'button', class: 'asking', 'aria-current': String(one.id === this.asking), 'data-asking': one.id, onclick: () => this.choose(one.id) },
      h('span', { class: `asking-state is-${one.state}`, text: page.say(`state.${one.state}`) }),
      h('b', { text: one.title }),
      h('span', { class: 'asking-line', text: `${one.asks} · ${page.say('until', { time: page.moment(one.until) })}` }),
      h('progress', { max: Math.max(1, one.links), value: one.used, 'aria-label': page.say('used_of', { used: one.used, links: one.links }) }),
      h('span', { class: 'asking-line', text: page.say('used_of', { used: page.number.format(one.used), links: page.number.format(one.links) }) }));
    return made;
  }

  choose(id) {
    Object.assign(this, { asking: id, text: '', filter: '', chosen: new Set() });
    this.draw(this.said);
  }

  step(by) {
    const ids = this.said.askings.map(({ id }) => id);
    const next = ids[Math.min(Math.max(ids.indexOf(this.asking) + by, 0), ids.length - 1)];
    if (next) this.choose(next);
  }

  get one() {
    return this.said.askings.find(({ id }) => id === this.asking);
  }

  /* --- one asking -------------------------------------------------------------------------------------------------- */

  async drawOne() {
    const { page, one } = this;
    const query = this.tab === 'links' ? new URLSearchParams({ q: this.text, state: this.filter }) : new URLSearchParams({ state: this.filter });
    const said = await get(page, `/api/outreach/${one.id}/${this.tab}?${query}`);
    writeQuery({ asking: one.id, tab: this.tab === 'links' ? null : this.tab, state: this.filter, q: this.text });
    const tabs = h('div', { class: 'cells-tabs', role: 'tablist' }, TABS.map((tab) => h('button', { type: 'button', role: 'tab', 'aria-selected': String(tab === this.tab), 'data-tab': tab, text: page.say(`tab.${tab}`), onclick: () => this.show(tab) })));
    const body = this.tab === 'links' ? this.links(said) : this.messages(said);
    const kept = document.activeElement?.dataset.keep;
    slot('one').replaceChildren(this.head(one), ...(this.problem ? [stateOf('failed', { text: this.problem })] : []), tabs, ...body);
    if (kept) slot('one').querySelector(`[data-keep="${kept}"]`)?.focus({ preventScroll: true });
  }

  show(tab) {
    Object.assign(this, { tab, filter: '', text: '', chosen: new Set() });
    this.drawOne();
  }

  head(one) {
    const { page } = this;
    const facts = [
      [page.say('fact.form'), one.form], [page.say('fact.kinds'), one.kinds.map((kind) => page.say(`kind.${kind}`)).join(' / ') || '–'], [page.say('fact.links'), page.number.format(one.links)],
      [page.say('fact.used'), page.number.format(one.used)], [page.say('fact.revoked'), page.number.format(one.revoked)], [page.say('fact.reminders'), one.reminders.length ? one.reminders.map((at) => page.moment(at)).join(' · ') : '–'], [page.say('fact.by'), one.by],
      ...(one.filled ? [[page.say('fact.filled'), page.say('filled_of', { filled: page.number.format(one.filled), kept: page.number.format(one.kept) })]] : []),
    ];
    const act = (name, drawing, handler) => h('button', { type: 'button', class: 'desk-button', 'data-act': name, onclick: handler }, icon(drawing), h('span', { text: page.say(`act.${name}`) }));
    const job = this.job ? this.progress() : null;
    return h('header', { class: 'outreach-head' },
      h('div', { class: 'outreach-title' }, h('h2', { text: one.title }), h('span', { class: `asking-state is-${one.state}`, text: page.say(`state.${one.state}`) })),
      h('dl', { class: 'system-facts' }, facts.map(([name, value]) => h('div', {}, h('dt', { text: name }), h('dd', { text: value })))),
      one.unpublished ? h('p', { class: 'cells-note', text: page.say('unpublished', { n: page.number.format(one.unpublished) }) }) : null,
      h('div', { class: 'system-acts' },
        h('a', { class: 'desk-button', href: `/cells?asking=${one.id}` }, icon('grid-3x3'), h('span', { text: page.say('act.cells') })),
        h('a', { class: 'desk-button', href: `/forms/${encodeURIComponent(one.form)}` }, icon('clipboard-list'), h('span', { text: page.say('act.answers') })),
        act('posters', 'printer', () => this.posters()), act('remind', 'bell-ring', () => this.sure('remind', () => this.tell('remind'))), act('revoke_all', 'eye-off', () => this.sure('revoke_all', () => this.tell('revoke', { all: true })))),
      job);
  }

  links({ links, most }) {
    const { page } = this;
    const search = h('input', { type: 'search', value: this.text, placeholder: page.say('search'), 'aria-label': page.say('search'), 'data-keep': 'search', onchange: ({ target }) => this.narrow({ text: target.value }) });
    const tools = h('div', { class: 'pane-tools' }, search, this.states(LINK_STATES, (state) => page.say(`link_state.${state}`)), this.chosen.size ? this.chosenActs() : null);
    if (!links.length) return [tools, stateOf('empty', { text: page.say('links_none'), icon: 'search' })];
    const table = h('table', { class: 'outreach-table' }, h('thead', {}, h('tr', {}, ['', 'link.label', 'link.kind', 'link.used', 'link.state', ''].map((key) => h('th', { scope: 'col', text: key ? page.say(key) : '' })))), h('tbody', {}, links.map((link) => this.link(link))));
    return [tools, table, ...(links.length === most ? [h('p', { class: 'cells-note', text: page.say('most', { n: most }) })] : [])];
  }

  link(link) {
    const { page } = this;
    const used = link.uses_allowed ? `${link.uses} / ${link.uses_allowed}` : String(link.uses);
    const check = h('input', { type: 'checkbox', 'aria-label': link.label, onchange: ({ target }) => this.pick(link.id, target.checked) });
    check.checked = this.chosen.has(link.id);
    const acts = h('td', { class: 'outreach-acts' }, h('div', {},
      link.state === 'open' || link.state === 'waiting' ? h('a', { class: 'desk-link', href: `/api/outreach/${this.asking}/posters/${link.id}.pdf`, target: '_blank', text: page.say('act.poster') }) : null,
      link.state === 'open' || link.state === 'waiting' ? ['svg', 'png'].map((form) => h('a', { class: 'desk-link', href: `/api/outreach/${this.asking}/codes/${link.id}.${form}`, download: '', 'data-code': form, text: page.say('act.code', { form: form.toUpperCase() }) })) : null,
      h('button', { type: 'button', class: 'desk-link', text: page.say('act.reissue'), 'data-act': 'reissue', onclick: () => this.sure('reissue', () => this.tell('reissue', { links: [link.id] })) }),
      link.state === 'revoked' ? null : h('button', { type: 'button', class: 'desk-link', text: page.say('act.revoke'), 'data-act': 'revoke', onclick: () => this.tell('revoke', { links: [link.id] }) })));
    return h('tr', { 'data-link': link.id }, h('td', {}, check), h('td', { class: 'outreach-label', text: link.label }), h('td', { text: page.say(`kind.${link.kind}`) }), h('td', { class: 'outreach-n', text: used }), h('td', {}, h('span', { class: `asking-state is-${link.uses ? 'answered' : link.state}`, text: page.say(link.uses ? 'link_state.answered' : `link_is.${link.state}`) })), acts);
  }

  pick(id, on) {
    if (on) this.chosen.add(id);
    else this.chosen.delete(id);
    this.drawOne();
  }

  chosenActs() {
    const { page } = this;
    const ids = [...this.chosen];
    const act = (name, handler) => h('button', { type: 'button', class: 'desk-button', text: page.say(`chosen.${name}`, { n: ids.length }), onclick: handler });
    return h('span', { class: 'system-acts' }, act('posters', () => this.posters(ids)), act('reissue', () => this.sure('reissue', () => this.tell('reissue', { links: ids }))), act('revoke', () => this.tell('revoke', { links: ids })));
  }

  messages({ messages, addresses, opted_out: out, quiet_until: quiet }) {
    const { page, one } = this;
    const { sms, email, quiet: hours } = this.said.messengers;
    const ways = [sms && page.say('way.sms', { host: sms }), email && page.say('way.email', { host: email })].filter(Boolean).join(' · ') || page.say('way.spool');
    const facts = h('div', { class: 'message-facts' },
      h('p', {}, h('b', { text: page.say('ways') }), ` ${ways}`),
      h('p', {}, h('b', { text: page.say('quiet') }), ` ${hours.join('–')}${quiet ? ` · ${page.say('quiet_now', { time: page.moment(quiet) })}` : ''}`),
      h('p', {}, h('b', { text: page.say('addresses') }), ' ', page.say('addresses_of', { n: page.number.format(addresses), out: page.number.format(out) })));
    const dead = one.messages.dead ? h('button', { type: 'button', class: 'desk-button', text: page.say('act.retry', { n: one.messages.dead }), onclick: () => this.tell('retry') }) : null;
    const tools = h('div', { class: 'pane-tools' }, this.states(MESSAGE_STATES, (state) => page.say(`message_state.${state}`)), dead);
    if (!messages.length) return [facts, tools, stateOf('empty', { text: page.say('messages_none'), icon: 'inbox' })];
    return [facts, tools, h('div', { class: 'message-list' }, messages.map((message) => this.message(message)))];
  }

  message(one) {
    const { page } = this;
    return h('details', { class: `message is-${one.state}` },
      h('summary', {}, h('span', { class: `asking-state is-${one.state}`, text: page.say(`message_state.${one.state}`) }), h('b', { text: one.to }), h('span', { text: one.name }), h('span', { class: 'asking-line', text: one.round ? page.say('round', { n: one.round }) : page.say('first') }), h('span', { class: 'message-when', text: page.moment(one.done ?? one.created) })),
      h('p', { class: 'message-words', text: one.words }),
      one.problem ? h('p', { class: 'system-problem', text: one.problem }) : null);
  }

  states(all, name) {
    const { page } = this;
    const select = h('select', { 'aria-label': page.say('state'), 'data-keep': 'state', onchange: ({ target }) => this.narrow({ filter: target.value }) }, all.map((value) => h('option', { value, text: name(value || 'all') })));
    select.value = this.filter;
    return select;
  }

  narrow(changes) {
    Object.assign(this, changes, { chosen: new Set() });
    this.drawOne();
  }

  /* --- what is done ------------------------------------------------------------------------------------------------ */

  begin() {
    if (!this.said?.forms.length) return location.assign('/forms');
    return openNew(this.page, this.said, (wanted) => this.ask(wanted));
  }

  async ask(wanted) {
    const outcome = await this.follow(await give(this.page, '/api/outreach', wanted));
    if (!outcome) return;
    Object.assign(this, { asking: outcome.outreach, tab: 'links', filter: '', text: '', chosen: new Set() });
    await this.load();
  }

  async posters(links) {
    try {
      const begun = await give(this.page, `/api/outreach/${this.asking}/posters`, links ? { links } : {});
      if (await this.follow(begun)) location.assign(`/api/outreach/jobs/${begun.id}/file`);
    } catch (error) {
      await this.trouble(error);
    }
  }

  /** Follow a job until it ends. @returns {Promise<object|null>} what it made; null where it failed or was stopped */
  async follow(job) {
    this.problem = null;
    let now = job;
    while (!now.outcome) {
      this.job = now;
      this.showProgress();
      if (now.error) return this.trouble({ message: now.error[this.page.language] });
      await new Promise((done) => setTimeout(done, LOOK_MS));
      now = await get(this.page, `/api/outreach/jobs/${job.id}`).catch(() => null);
      if (!now) break;
    }
    this.job = null;
    document.querySelector('.outreach-progress')?.remove();
    return now?.outcome ?? null;
  }

  progress() {
    const { page, job } = this;
    return h('div', { class: 'outreach-progress', role: 'status' }, h('progress', job.total ? { max: job.total, value: job.done } : {}), h('span', { text: job.total ? page.say('progress_of', { done: page.number.format(job.done), total: page.number.format(job.total) }) : page.say('progress', { done: page.number.format(job.done) }) }), h('button', { type: 'button', class: 'desk-button', text: page.say('stop'), onclick: () => change(page, 'DELETE', `/api/outreach/jobs/${job.id}`) }));
  }

  showProgress() {
    const made = this.progress(), there = document.querySelector('.outreach-progress');
    if (there) there.replaceWith(made);
    else (slot('one').querySelector('.outreach-head') ?? slot('state')).append(made);
  }

  /** Ask once more before something that cannot be taken back. */
  sure(what, act) {
    const { page } = this;
    const dialog = h('dialog', { class: 'outreach-sure' }, h('p', { text: page.say(`sure.${what}`) }), h('div', { class: 'system-acts' }, h('button', { type: 'button', class: 'button', text: page.say('cancel'), onclick: () => dialog.close() }), h('button', { type: 'button', class: 'button is-main', 'data-act': 'sure', text: page.say(`sure_do.${what}`), onclick: () => { dialog.close(); act(); } })));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  async tell(what, body = {}) {
    try {
      await give(this.page, `/api/outreach/${this.asking}/${what}`, body);
      Object.assign(this, { problem: null, chosen: new Set() });
      await this.load();
    } catch (error) {
      await this.trouble(error);
    }
  }

  async trouble(error) {
    Object.assign(this, { job: null, problem: error.message });
    document.querySelector('.outreach-progress')?.remove();
    if (this.one) await this.drawOne();
    else slot('state').replaceChildren(stateOf('failed', { text: error.message }));
    return null;
  }
}
