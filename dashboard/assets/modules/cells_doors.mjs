/* A building's doors: who answered, what was met at each, and the few taps that note what is met now. Made for a thumb. */

import { get, give } from './office.mjs';
import { element, slot } from './page.mjs';
import { stateOf } from './states.mjs';

/* What a door is called within its building: without the address that stands above. */
const within = (label, building) => (label.startsWith(building) && label.length > building.length ? label.slice(building.length).trim() : label);
const NOTED = ['refused', 'not_reachable', 'vacant'];

export class Doors {
  /** @param {{ page: object, may: () => string[], onClose: () => void, onShown: (building: object) => void }} wanted */
  constructor({ page, may, onClose, onShown }) {
    Object.assign(this, { page, may, onClose, onShown });
  }

  get isOpen() {
    return !slot('doors').hidden;
  }

  async open(outreach, code) {
    Object.assign(this, { outreach, code });
    slot('doors').hidden = false;
    document.querySelector('.cells').dataset.doors = 'open';
    await this.load();
    slot('doors').querySelector('button')?.focus({ preventScroll: true });
  }

  close() {
    if (!this.isOpen) return false;
    slot('doors').hidden = true;
    delete document.querySelector('.cells').dataset.doors;
    this.code = null;
    this.onClose();
    return true;
  }

  /** Read the building anew; what somebody is writing stays. */
  async load() {
    const { page, code } = this;
    if (!code || slot('doors').contains(document.activeElement?.closest?.('input'))) return;
    try {
      const said = await get(page, `/api/coverage/${this.outreach}/at/${encodeURIComponent(code)}`);
      if (code !== this.code) return;
      this.draw(said);
      this.onShown(said);
    } catch (error) {
      slot('doors').replaceChildren(this.head(''), stateOf('failed', { text: error.message }));
    }
  }

  draw({ name, recipients }) {
    const { page } = this;
    const list = element('div', 'doors-list');
    list.append(...recipients.map((one) => this.door({ ...one, label: within(one.label, name) })));
    const focused = document.activeElement?.dataset.act && [document.activeElement.dataset.act, document.activeElement.dataset.link];
    slot('doors').replaceChildren(this.head(name), ...(recipients.length ? [list] : [stateOf('empty', { text: page.say('doors_none'), icon: 'building-2' })]));
    if (focused) slot('doors').querySelector(`[data-act="${focused[0]}"][data-link="${focused[1]}"]`)?.focus({ preventScroll: true });
  }

  head(name) {
    const made = element('header', 'doors-head');
    const back = Object.assign(element('button', 'doors-back'), { type: 'button', ariaLabel: this.page.say('back') });
    back.append(element('span', 'icon icon-chevron-left'));
    back.addEventListener('click', () => this.close());
    made.append(back, element('h2', '', name));
    return made;
  }

  door(one) {
    const { page } = this;
    const made = element('article', 'door');
    made.dataset.link = one.link;
    made.dataset.outcome = one.outcome;
    const head = element('div', 'door-head');
    head.append(element('span', `dot tone-${one.outcome}`), element('b', '', one.label), element('span', 'door-name', one.name), element('span', 'door-outcome', this.said(one)));
    made.append(head);
    if (one.kind === 'building') made.append(this.households(one));
    if (this.may().includes('record') && (one.outcome !== 'answered' || one.kind === 'building')) made.append(this.acts(one));
    if (one.visits.length) made.append(this.history(one.visits));
    return made;
  }

  said(one) {
    const { page } = this;
    if (one.outcome !== 'answered') return page.say(`outcome.${one.outcome}`);
    return one.kind === 'building' ? page.say('answers', { n: page.number.format(one.uses) }) : page.say('answered_at', { time: page.moment(one.used_at) });
  }

  acts(one) {
    const { page } = this;
    const made = element('div', 'door-acts');
    made.setAttribute('role', 'group');
    made.setAttribute('aria-label', page.say('note_outcome'));
    for (const outcome of NOTED) {
      const on = one.outcome === outcome || (one.outcome === 'answered' && one.visits[0]?.outcome === outcome);
      const button = this.button(outcome, one, page.say(`outcome.${outcome}`), () => this.note(one, on ? 'unknown' : outcome));
      button.setAttribute('aria-pressed', String(on));
      button.classList.add('door-act', `edge-${outcome}`);
      made.append(button);
    }
    const note = Object.assign(document.createElement('input'), { type: 'text', maxLength: 200, placeholder: page.say('note'), className: 'door-note', ariaLabel: page.say('note') });
    note.dataset.note = one.link;
    made.append(note);
    return made;
  }

  history(visits) {
    const { page } = this;
    const made = element('ol', 'door-visits');
    made.append(...visits.slice(0, 6).map(({ outcome, by, at, note }) => element('li', '', [page.moment(at), by, page.say(outcome === 'unknown' ? 'taken_back' : `outcome.${outcome}`), note].filter(Boolean).join(' · '))));
    return made;
  }

  households(one) {
    const { page } = this;
    const made = element('div', 'door-households');
    made.append(element('span', '', one.households ? page.say('households', { n: one.households }) : page.say('households_unknown')));
    if (!this.may().includes('record')) return made;
    const field = Object.assign(document.createElement('input'), { type: 'number', min: 1, max: 9999, value: one.households ?? '', ariaLabel: page.say('households_set') });
    const save = this.button('households', one, page.say('households_set'), async () => {
      const number = Number.parseInt(field.value, 10);
      await this.tell('/api/coverage/households', { link: one.link, households: Number.isFinite(number) && number > 0 ? number : null });
    });
    made.append(field, save);
    return made;
  }

  button(act, one, words, handler) {
    const made = Object.assign(element('button', 'desk-button', words), { type: 'button' });
    Object.assign(made.dataset, { act, link: one.link });
    made.addEventListener('click', handler);
    return made;
  }

  async note(one, outcome) {
    const note = slot('doors').querySelector(`[data-note="${one.link}"]`)?.value ?? '';
    await this.tell('/api/coverage/visits', { link: one.link, outcome, note });
  }

  async tell(address, body) {
    try {
      await give(this.page, address, body);
      document.activeElement?.closest?.('input')?.blur();
      await this.load();
    } catch (error) {
      slot('doors').querySelector('.state')?.remove();
      slot('doors').append(stateOf('failed', { text: error.message }));
    }
  }
}
