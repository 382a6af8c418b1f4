/* What the desk's sister pages have in common: load, draw, load again when something changed, say what is the matter. */

import { isReached, setReached } from './reach.mjs';
import { get, hear, Refusal } from './office.mjs';
import { Page, slot } from './page.mjs';
import { stateOf } from './states.mjs';

const SETTLE_MS = 700;
const AGAIN_MS = 1_500;

export class Sheet {
  /** @param {object} config of the page */
  constructor(config) {
    this.config = config;
    this.page = new Page(config);
  }

  /** Load and draw; `draw` is the page's own. */
  async load() {
    const { page } = this;
    try {
      const said = await get(page, this.address());
      setReached(true);
      page.follow({ city: { timezone: said.timezone }, now: said.now ?? Date.now() / 1000 });
      slot('state').replaceChildren();
      this.said = said;
      await this.draw(said);
      document.body.dataset.ready = 'true';
    } catch (error) {
      this.failed(error);
    }
  }

  /** Say what is the matter; `again`: what to try once more. */
  failed(error, again = () => this.load()) {
    if (error instanceof Refusal && error.status === 503) {
      slot('state').replaceChildren(stateOf('loading', { text: error.message }));
      setTimeout(again, AGAIN_MS);
      return;
    }
    if (!isReached()) {
      slot('state').replaceChildren(stateOf('offline', { title: this.page.say('offline.title'), text: this.page.say('offline.text') }));
      addEventListener('needle:reach', ({ detail }) => detail && again(), { once: true });
      return;
    }
    const action = { words: this.page.say('retry'), act: again };
    slot('state').replaceChildren(stateOf('failed', { title: this.page.say('failed'), text: error.message, action }));
    document.body.dataset.ready = 'true';
  }

  /** Load again soon, once for many changes. */
  soon() {
    this.due ??= setTimeout(() => {
      this.due = null;
      this.load();
    }, SETTLE_MS);
  }

  /** Load again whenever a case changed. */
  follow() {
    hear(() => this.said?.event ?? 0, (ids) => {
      this.soon();
      if (this.actions?.ids.some((id) => ids.includes(id))) this.actions.ask();
    });
  }
}

/** Move a mark among the elements of a selector. @returns {HTMLElement|undefined} the one that has it now */
export function step(selector, by) {
  const all = [...document.querySelectorAll(selector)];
  const now = all.findIndex((one) => one.getAttribute('aria-current') === 'true');
  const next = all[Math.min(Math.max(now + by, 0), all.length - 1)];
  if (next) mark(selector, next);
  return next;
}

/** Give one element of a selector the mark. */
export function mark(selector, one) {
  for (const other of document.querySelectorAll(selector)) other.setAttribute('aria-current', String(other === one));
  one.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
