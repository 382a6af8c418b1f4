/* Export of what is filtered: the server writes a file and says how far it is; it can be stopped. */

import { element, slot } from './page.mjs';
import { post } from './post.mjs';

const FORMATS = ['xlsx', 'csv', 'geojson', 'gpkg'];
const ADDRESS = '/api/desk/exports';
const LOOK_MS = 400;

export class ExportMenu {
  constructor(desk) {
    this.desk = desk;
    addEventListener('pagehide', () => this.job && this.stop());
  }

  draw() {
    if (this.job) return;
    const { page } = this.desk;
    const menu = slot('menu-export');
    const list = element('div', 'desk-list');
    list.append(...FORMATS.map((format) => {
      const button = Object.assign(element('button', 'desk-choice'), { type: 'button' });
      button.append(element('b', '', page.say(`format.${format}`)), element('span', 'desk-n', page.say(`format.${format}_text`)));
      button.addEventListener('click', () => this.begin(format));
      return button;
    }));
    menu.replaceChildren(element('p', 'desk-note', page.say('export_text')), list);
  }

  async begin(format) {
    const { desk } = this;
    const columns = desk.columns.shown.filter((key) => key !== 'left').join(',');
    const answer = await post(`${ADDRESS}?${desk.query({ format, columns })}`).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (!answer?.ok) return this.tell(said?.[desk.page.language] ?? desk.page.say('failed'));
    this.job = said.id;
    this.showProgress(format, said);
    return this.watch(format);
  }

  showProgress(format, { total }) {
    const { page } = this.desk;
    const bar = element('progress');
    Object.assign(bar, { max: Math.max(total, 1), value: 0 });
    const stop = Object.assign(element('button', 'desk-button', page.say('stop')), { type: 'button' });
    stop.addEventListener('click', () => this.stop().then(() => this.draw()));
    slot('menu-export').replaceChildren(element('p', 'desk-note', page.say('exporting', { format: page.say(`format.${format}`), n: page.number.format(total) })), bar, element('p', 'desk-progress'), stop);
  }

  async watch(format) {
    while (this.job) {
      const answer = await fetch(`${ADDRESS}/${this.job}`).catch(() => null);
      const said = await answer?.json().catch(() => null);
      if (!this.job) return;
      if (!answer?.ok || said.error) return this.tell((said?.error ?? said)?.[this.desk.page.language] ?? this.desk.page.say('failed'));
      this.show(said);
      if (said.ready) return this.take(format);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  show({ done, total }) {
    const { page } = this.desk;
    const bar = slot('menu-export').querySelector('progress');
    if (bar) bar.value = done;
    slot('menu-export').querySelector('.desk-progress').textContent = `${page.number.format(done)} / ${page.number.format(total)}`;
  }

  take() {
    const link = Object.assign(document.createElement('a'), { href: `${ADDRESS}/${this.job}/file`, download: '' });
    this.job = null;
    link.click();
    this.tell(this.desk.page.say('exported'));
  }

  stop() {
    const { job } = this;
    this.job = null;
    return post(`${ADDRESS}/${job}`, undefined, { method: 'DELETE', keepalive: true }).catch(() => null);
  }

  tell(text) {
    this.job = null;
    this.draw();
    slot('menu-export').prepend(element('p', 'desk-told', text));
  }
}
