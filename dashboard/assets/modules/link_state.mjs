/* Whether what is shown is live; when it is not, since when. */

import { setText, slot } from './page.mjs';

const AGE_MS = 5_000;

export class LinkState {
  constructor(page) {
    this.page = page;
    setInterval(() => this.age(), AGE_MS);
  }

  show(state, heardAt) {
    Object.assign(this, { state, heardAt });
    slot('link').dataset.state = state;
    setText(slot('link-word'), this.page.say(`link.${state}`));
    document.querySelector('.wall').dataset.link = state;
    this.age();
  }

  age() {
    const lost = this.state === 'offline' || this.state === 'source';
    slot('stale').hidden = !lost;
    if (!lost) return;
    const seconds = (Date.now() - (this.heardAt ?? Date.now())) / 1000;
    setText(slot('stale-text'), this.page.say(`stale.${this.state}`));
    setText(slot('stale-age'), seconds < 60 ? '' : this.page.say('stale.age', { time: this.page.duration(seconds) }));
  }
}
