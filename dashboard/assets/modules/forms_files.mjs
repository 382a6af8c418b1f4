/* Answers as a file: the server writes it and says how far it is; it can be stopped, and is fetched when it is whole. */

import { button, change, h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';

const FORMATS = ['xlsx', 'csv', 'gpkg'];
const LOOK_MS = 400;

export class FileMenu {
  /** @param {import('./page.mjs').Page} page @param {string} address of the jobs @param {(format: string) => URLSearchParams} asked */
  constructor(page, address, asked) {
    Object.assign(this, { page, address, asked, job: null });
    this.body = h('div', { class: 'desk-popover is-right' });
    this.element = h('details', { class: 'answer-files' }, h('summary', { class: 'desk-button' }, icon('download'), page.say('export')), this.body);
    addEventListener('pagehide', () => this.stop());
    this.draw();
  }

  draw(told = '') {
    const { page } = this;
    this.body.replaceChildren(...(told ? [h('p', { class: 'desk-told', role: 'status', text: told })] : []), ...FORMATS.map((format) => h('button', { type: 'button', class: 'desk-choice', 'data-format': format, onclick: () => this.begin(format) }, h('b', { text: page.say(`format.${format}`) }), h('span', { text: page.say(`format_text.${format}`) }))));
  }

  async begin(format) {
    const { page } = this;
    try {
      let said = await change(page, 'POST', `${this.address}?${this.asked(format)}`);
      this.job = said.id;
      const [bar, told] = [h('progress', { max: Math.max(1, said.total), value: 0 }), h('p', { class: 'desk-progress', role: 'status' })];
      this.body.replaceChildren(h('p', { class: 'desk-note', text: page.say('exporting', { format: page.say(`format.${format}`) }) }), bar, told, button(page.say('export_stop'), null, () => this.stop()));
      while (this.job && !said.ready) {
        bar.value = said.done;
        told.textContent = `${page.number.format(said.done)} / ${page.number.format(said.total)}`;
        await new Promise((done) => setTimeout(done, LOOK_MS));
        if (!this.job) return;
        said = await get(page, `${this.address}/${this.job}`);
        if (said.error) throw new Error(said.error[page.language]);
      }
      this.take();
    } catch (error) {
      this.job = null;
      this.draw(error.message);
    }
  }

  take() {
    if (!this.job) return;
    h('a', { href: `${this.address}/${this.job}/file`, download: '' }).click();
    this.job = null;
    this.draw(this.page.say('exported'));
    this.element.open = false;
  }

  stop() {
    const { job } = this;
    this.job = null;
    if (job) change(this.page, 'DELETE', `${this.address}/${job}`).catch(() => { /* it is gone already */ });
    this.draw();
  }
}
