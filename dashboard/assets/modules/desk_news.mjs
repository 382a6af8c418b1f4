/* What changed elsewhere: rows in view change in their places; the order stays until somebody wishes it anew. */

import { hear } from './office.mjs';
import { setText, slot } from './page.mjs';

const SETTLE_MS = 400;
const REST_MS = 5_000;
const MOST = 200;

export class News {
  constructor(desk, event) {
    Object.assign(this, { desk, waiting: new Set() });
    this.pill = slot('news');
    this.pill.addEventListener('click', () => this.show());
    hear(() => event, (ids) => this.take(ids));
  }

  take(ids) {
    for (const id of ids) this.waiting.add(id);
    this.due ??= setTimeout(() => this.settle(), this.isBusy ? SETTLE_MS : REST_MS);
  }

  /** Somebody works with what is chosen: nothing may move under their hand. */
  get isBusy() {
    return Boolean(this.desk.grid.api.getSelectedRows().length || this.desk.drawer.isOpen || document.querySelector('dialog[open]'));
  }

  async settle() {
    this.due = null;
    if (!this.isBusy) return this.show();
    const ids = [...this.waiting].slice(-MOST);
    await this.desk.grid.patch(ids).catch(() => {});
    if (this.desk.actions.ids.some((id) => this.waiting.has(id))) this.desk.actions.ask();
    this.pill.hidden = !this.waiting.size;
    return setText(this.pill, this.desk.page.say('news', { n: this.desk.page.number.format(this.waiting.size) }));
  }

  /** Order and filter anew. */
  show() {
    this.waiting.clear();
    this.pill.hidden = true;
    this.desk.grid.refresh();
    this.desk.map.refresh();
  }
}
