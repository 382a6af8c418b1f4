/* Files that the server writes: begun, watched, stopped, and given to the browser when they are whole (`file_jobs.py`). */

import { button, h, icon } from './forms_dom.mjs';
import { get, give } from './office.mjs';
import { post } from './post.mjs';

const LOOK_MS = 400;

/** One file after the other from one address: `POST address?query` begins it, `address/id` tells how far it is. */
export class FileJob {
  constructor(page) {
    Object.assign(this, { page, at: null });
    addEventListener('pagehide', () => this.stop());
  }

  /**
   * Have a file written, and let the browser save it.
   * @param {string} address @param {URLSearchParams|string} query @param {(said: {done: number, total: number|null}) => void} [watch]
   * @returns {Promise<boolean>} whether it came; false where it was stopped. Throws what the server refuses.
   */
  async take(address, query, watch = () => {}) {
    const { page } = this;
    let said = await give(page, `${address}?${query}`);
    const at = (this.at = `${address}/${said.id}`);
    try {
      while (!said.ready) {
        watch(said);
        await new Promise((done) => setTimeout(done, LOOK_MS));
        if (this.at === at) said = await get(page, at).catch((error) => (this.at === at ? Promise.reject(error) : {}));
        if (this.at !== at) return false;
        if (said.error) throw new Error(said.error[page.language]);
      }
      h('a', { href: `${at}/file`, download: '' }).click();
      return true;
    } finally {
      if (this.at === at) this.at = null;
    }
  }

  /** Stop what is being written. */
  stop() {
    const { at } = this;
    this.at = null;
    if (at) post(at, undefined, { method: 'DELETE', keepalive: true }).catch(() => { /* it is gone already */ });
  }
}

/** Formats to choose from; then how far the file is, with a way to stop it. */
export class FileMenu {
  /**
   * @param {import('./page.mjs').Page} page @param {HTMLElement} body
   * @param {{ formats: string[], address: () => string, query: (format: string) => URLSearchParams|string, note?: string, taken?: () => void }} wanted
   */
  constructor(page, body, wanted) {
    Object.assign(this, { page, body, wanted, job: new FileJob(page) });
  }

  draw(told = '') {
    if (this.job.at) return;
    const { page, wanted } = this;
    const choice = (format) => h('button', { type: 'button', class: 'desk-choice', 'data-format': format, onclick: () => this.begin(format) }, h('b', { text: page.say(`file.${format}`) }), h('span', { text: page.say(`format_text.${format}`) }));
    this.body.replaceChildren(h('p', { class: 'desk-told', role: 'status', text: told }), ...(wanted.note ? [h('p', { class: 'desk-note', text: wanted.note })] : []), h('div', { class: 'desk-list' }, wanted.formats.map(choice)));
  }

  async begin(format) {
    const { page, wanted } = this;
    const bar = h('progress', { 'aria-label': page.say('file.writing', { format: page.say(`file.${format}`) }) });
    const told = h('p', { class: 'desk-progress', role: 'status' });
    const watch = ({ done, total }) => {
      if (total !== null) Object.assign(bar, { max: Math.max(1, total), value: done });
      told.textContent = total === null ? page.number.format(done) : `${page.number.format(done)} / ${page.number.format(total)}`;
    };
    this.body.replaceChildren(h('p', { class: 'desk-note', text: page.say('file.writing', { format: page.say(`file.${format}`) }) }), bar, told, button(page.say('file.stop'), null, () => this.stop()));
    try {
      if (!(await this.job.take(wanted.address(), wanted.query(format), watch))) return;
      this.draw(page.say('file.taken'));
      wanted.taken?.();
    } catch (error) {
      this.draw(error.message);
    }
  }

  stop() {
    this.job.stop();
    this.draw();
  }
}

/** A button that opens such a menu. */
export function fileButton(page, wanted) {
  const body = h('div', { class: 'desk-popover is-right' });
  const element = h('details', { class: 'file-menu' }, h('summary', { class: 'desk-button' }, icon('download'), page.say('file.export')), body);
  const menu = new FileMenu(page, body, { ...wanted, taken: () => (element.open = false) });
  const shut = () => (element.open = false);
  element.addEventListener('keydown', (event) => event.key === 'Escape' && element.open && (event.stopPropagation(), shut()));
  document.addEventListener('click', ({ target }) => target.isConnected && !element.contains(target) && shut());
  menu.draw();
  return element;
}
