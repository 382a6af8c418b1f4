/* Delivery health: connected systems, what did not arrive with its request and answer, and to try it again. */

import { get, give } from './office.mjs';
import { element, setText, slot } from './page.mjs';
import { parkedLetters } from './parked_letters.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { systemLine } from './system_line.mjs';

const EVERY_MS = 5_000;

export async function start(config) {
  const deliveries = new Deliveries(config);
  await deliveries.load();
  setInterval(() => deliveries.isBusy || deliveries.load(), EVERY_MS);
}

class Deliveries extends Sheet {
  opened = new Map();

  address() {
    return `/api/deliveries?lang=${this.page.language}`;
  }

  /* Nothing is drawn anew under a button that has just been pressed. */
  get isBusy() {
    return document.hidden || Boolean(this.asking);
  }

  async draw({ systems, undelivered, residents }) {
    const { page } = this;
    const focused = document.activeElement?.dataset.act && [document.activeElement.dataset.act, document.activeElement.dataset.of];
    setText(slot('total'), page.say('total', { n: systems.length, waiting: systems.reduce((sum, one) => sum + one.waiting, 0), dead: systems.reduce((sum, one) => sum + one.given_up, 0) }));
    const lines = systems.map((system) => systemLine(page, system, this.acts(system)));
    if (!systems.length) lines.push(stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'route' }));
    slot('systems').replaceChildren(...lines, this.residents(residents));
    this.drawLetters(undelivered);
    const parked = await get(page, `/api/letters?lang=${page.language}`);
    slot('parked').replaceChildren(...parkedLetters(page, parked, this.button, (address) => this.ask(address)));
    if (focused) document.querySelector(`[data-act="${focused[0]}"][data-of="${focused[1]}"]`)?.focus({ preventScroll: true });
  }

  acts(system) {
    const { page } = this;
    const acts = [this.button(system.active ? 'pause' : 'resume', system.name, page.say(system.active ? 'pause' : 'resume'), () => this.ask(`/api/deliveries/systems/${encodeURIComponent(system.name)}/active`, { active: !system.active }))];
    if (system.given_up || system.failing_since) acts.unshift(this.button('retry-all', system.name, page.say('retry_all'), () => this.ask(`/api/deliveries/systems/${encodeURIComponent(system.name)}/retry`)));
    return acts;
  }

  residents({ waiting, since }) {
    const { page } = this;
    const line = element('article', `system ${waiting ? 'system-failing' : 'system-well'}`);
    const head = element('div', 'system-head');
    const text = waiting ? page.say('residents_wait', { n: page.number.format(waiting), time: page.duration(page.now() - since) }) : page.say('residents_told');
    head.append(element('span', 'system-mark'), element('b', '', page.say('residents')), element('span', 'system-said', text));
    line.append(head);
    return line;
  }

  drawLetters(undelivered) {
    const { page } = this;
    const head = element('h2', '', page.say('letters'));
    const list = undelivered.map((letter) => this.letter(letter));
    if (!list.length) list.push(element('p', 'board-none', page.say('letters_none')));
    slot('letters').replaceChildren(head, ...list);
  }

  letter(letter) {
    const { page } = this;
    const made = element('article', `letter${letter.given_up ? ' is-dead' : ''}`);
    const when = this.when(letter);
    const head = element('div', 'letter-head');
    head.append(element('b', '', letter.system), element('span', '', letter.event), element('a', 'letter-case', letter.number), element('span', 'letter-when', when), this.button('show', letter.id, page.say(this.opened.has(letter.id) ? 'hide' : 'show'), () => this.toggle(letter)));
    head.querySelector('a').href = `/desk?case=${letter.case}`;
    if (letter.given_up) head.append(this.button('retry', letter.id, page.say('retry_one'), () => this.ask(`/api/deliveries/${letter.id}/retry`)));
    made.append(head);
    if (letter.problem) made.append(element('p', 'system-problem', letter.problem));
    if (this.opened.has(letter.id)) made.append(this.exchange(letter, this.opened.get(letter.id)));
    return made;
  }

  when({ given_up: gone, next_try: next, tries }) {
    const { page } = this;
    if (gone) return page.say('given_up', { time: page.moment(gone) });
    return tries ? page.say('next', { time: page.duration(Math.max(0, next - page.now())), n: tries }) : page.say('queued');
  }

  exchange(letter, request) {
    const { page } = this;
    const made = element('div', 'exchange');
    const lines = [request.line, ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`), '', request.body].join('\n');
    for (const [title, text] of [['request', lines], ['answer', letter.problem ?? page.say('answer_none')]]) {
      const part = element('figure');
      part.append(element('figcaption', '', page.say(title)), element('pre', '', text));
      made.append(part);
    }
    return made;
  }

  async toggle(letter) {
    if (this.opened.has(letter.id)) this.opened.delete(letter.id);
    else this.opened.set(letter.id, await get(this.page, `/api/deliveries/${letter.id}`));
    await this.draw(this.said);
  }

  button(act, of, words, handler) {
    const made = Object.assign(element('button', 'desk-button', words), { type: 'button' });
    Object.assign(made.dataset, { act, of });
    made.addEventListener('click', handler);
    return made;
  }

  async ask(address, body) {
    this.asking = true;
    try {
      await give(this.page, address, body);
    } catch (error) {
      slot('state').replaceChildren(stateOf('failed', { text: error.message }));
      return;
    } finally {
      this.asking = false;
    }
    await this.load();
  }
}
