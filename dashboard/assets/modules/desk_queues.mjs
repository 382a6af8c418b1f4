/* Queues: the filters that a dispatcher works through, each with what waits in it; a digit opens one. */

import { register } from './keys.mjs';
import { get } from './office.mjs';
import { element, slot } from './page.mjs';
import { readWhere, writeWhere } from './where.mjs';

const AGAIN_MS = 20_000;
const filterOf = (query) => writeWhere(readWhere(new URLSearchParams(query)));

export class Queues {
  constructor(desk) {
    this.desk = desk;
    this.list = slot('queues');
    this.queues = [];
    this.list.addEventListener('click', (event) => this.open(this.queues.find(({ key }) => key === event.target.closest('[data-queue]')?.dataset.queue)));
    this.load();
    setInterval(() => this.load(), AGAIN_MS);
  }

  async load() {
    const { page } = this.desk;
    const said = await get(page, `/api/desk/queues?lang=${page.language}`).catch(() => null);
    if (!said) return;
    const first = !this.queues.length;
    this.queues = said.queues;
    if (first) this.queues.forEach((queue, at) => register(String(at + 1), page.say('key.queue', { name: queue.name }), () => this.open(queue)));
    this.draw();
    this.desk.filters.show();
  }

  /** Whether the filter is one of them. */
  get isOpen() {
    return this.queues.some(({ query }) => filterOf(query) === writeWhere(this.desk.where));
  }

  draw() {
    const now = writeWhere(this.desk.where);
    const buttons = this.queues.map(({ key, name, query, n }, at) => {
      const made = element('button', 'desk-queue');
      made.type = 'button';
      made.dataset.queue = key;
      made.setAttribute('aria-pressed', String(filterOf(query) === now));
      made.append(element('kbd', '', String(at + 1)), element('span', '', name), element('b', '', this.desk.page.number.format(n)));
      return made;
    });
    this.list.replaceChildren(...buttons);
  }

  open(queue) {
    if (!queue) return;
    this.desk.orderBy('queue');
    this.desk.setWhere(readWhere(new URLSearchParams(queue.query)));
  }
}
