/* Work of the server in the background: begun, watched, stopped; one at a time. */

import { button, h } from './forms_dom.mjs';
import { get, give } from './office.mjs';
import { post } from './post.mjs';

const LOOK_MS = 300;

export class Work {
  /** @param {object} page @param {() => void} redraw called whenever it is farther */
  constructor(page, redraw) {
    Object.assign(this, { page, redraw, job: null });
  }

  /**
   * Begin some work and watch it.
   * @param {'runs'|'sitings'} kind @param {string} query which cases @param {object} said what is asked
   * @returns {Promise<object|null>} what it told at last; null where it was stopped. Throws what the server refuses.
   */
  async begin(kind, query, said) {
    const { page } = this;
    const job = (this.job = { kind, done: 0, total: null });
    this.redraw();
    try {
      let told = await give(page, `/api/whatif/${kind}?${query}`, said);
      job.id = told.id;
      while (this.job === job && !told.made && !told.answer) {
        if (told.error) throw new Error(told.error[page.language]);
        Object.assign(job, told);
        this.redraw();
        await new Promise((done) => setTimeout(done, LOOK_MS));
        if (this.job === job) told = await get(page, `/api/whatif/runs/${job.id}`).catch((error) => (this.job === job ? Promise.reject(error) : {}));
      }
      if (this.job !== job) drop(job);
      return this.job === job ? told : null;
    } finally {
      if (this.job === job) this.job = null;
      this.redraw();
    }
  }

  cancel() {
    const { job } = this;
    this.job = null;
    if (job) drop(job);
    this.redraw();
  }

  /** How far the work is, with a way to stop it; nothing where none is done. */
  progress() {
    const { page, job } = this;
    if (!job) return null;
    const { number } = page;
    const text = job.kind === 'runs' ? page.say('running', { done: number.format(job.done), total: number.format(job.total ?? 0) }) : page.say('siting_runs');
    return h('div', { class: 'whatif-progress' }, h('p', { role: 'status', text }), h('progress', { 'aria-label': text, ...(job.total ? { max: job.total, value: job.done } : {}) }), button(page.say('cancel'), 'x', () => this.cancel()));
  }
}

function drop({ id }) {
  if (id) post(`/api/whatif/runs/${id}`, undefined, { method: 'DELETE', keepalive: true }).catch(() => { /* it is gone already */ });
}
