/* Surges: sudden rises of similar reports, offered as one incident: a button that is only there when there is one, and what it opens. */

import { h, icon } from './forms_dom.mjs';
import { slot } from './page.mjs';
import { writeWhere } from './where.mjs';

const LOOK_MS = 20_000;

/** Look for surges again and again; `changed` is told those that stand when they are others than before. */
export function watchSurges(page, changed) {
  let shape = '[]';
  const look = async () => {
    const answer = await fetch(`/api/surges?lang=${page.language}`).catch(() => null);
    if (!answer?.ok) return;
    const { surges } = await answer.json(), found = JSON.stringify(surges);
    if (found === shape) return;
    shape = found;
    changed(surges);
  };
  look();
  setInterval(() => document.hidden || look(), LOOK_MS);
}

export class Surges {
  /** @param {object} page whose words say `surge.*` */
  constructor(page) {
    this.page = page;
    this.host = slot('surges');
    this.open = false;
    watchSurges(page, (surges) => {
      this.surges = surges;
      this.draw();
    });
    document.addEventListener('keydown', (event) => event.key === 'Escape' && this.open && this.toggle(false));
  }

  toggle(open = !this.open) {
    this.open = open;
    this.draw();
    this.host.querySelector('button')?.focus();
  }

  draw() {
    const { page, surges, open } = this;
    if (!surges.length) return this.host.replaceChildren();
    const button = h('button', { type: 'button', class: 'desk-button surge-button', 'aria-expanded': String(open), onclick: () => this.toggle() }, icon('siren'), h('span', { text: page.say('surge.count', { n: surges.length }) }));
    return this.host.replaceChildren(button, open ? h('div', { class: 'surge-list', role: 'dialog', 'aria-label': page.say('surge.title') }, surges.map((one) => this.line(one))) : '');
  }

  line(one) {
    const { page } = this;
    const minutes = Math.max(1, Math.round((one.last - one.since) / 60));
    const [lng, lat] = one.at;
    return h('article', { class: 'surge' },
      h('b', { text: page.say('surge.line', { matter: one.matter, n: one.cases.length }) }),
      h('p', { text: page.say('surge.text', { minutes, metres: page.number.format(one.radius_m), expected: one.expected }) }),
      h('a', { class: 'desk-button is-main', href: `/desk?${writeWhere(one.where)}#16/${lat}/${lng}` }, h('span', { text: page.say('surge.open') })));
  }
}
