/* The draft on a phone: the residents' own form in a frame of its own, to be tried out. It follows each time the draft is saved and holds;
   the frame may speak to nobody but this page (`dashboard/form_preview.py`). */

import { h, icon } from './forms_dom.mjs';
import { find, languagesOf, walk } from './forms_model.mjs';
import { get } from './office.mjs';

const FRAME = '/api/forms/preview';
/** What the frame may ask for: the city and the sheets of its map, as residents get them. */
const GROUND = /^\/api\/(papers\/city|sheets\/(?:sketch|doors)\/\d+\/\d+)\.json$/;

export class Preview {
  /** @param {import('./forms_builder.mjs').Builder} builder */
  constructor(builder) {
    this.builder = builder;
    const { page } = builder;
    this.languages = h('div', { class: 'phone-languages', role: 'group' });
    this.told = h('p', { class: 'phone-told', role: 'status' });
    this.frame = h('iframe', { class: 'phone-screen', title: page.say('preview_of') });
    this.element = h('div', { class: 'builder-phone' }, h('div', { class: 'phone-head' }, icon('smartphone'), h('b', { text: page.say('preview') }), this.languages), this.told, h('div', { class: 'phone' }, this.frame));
    addEventListener('message', (event) => this.hear(event));
  }

  /** Show what was saved last and holds, in the language that is chosen, with the chosen question marked. */
  draw() {
    const { builder } = this;
    const { page, told } = builder;
    this.paper = told.paper ?? this.paper;
    this.told.textContent = page.say(told.paper ? 'preview_of' : 'preview_stale');
    this.told.classList.toggle('is-stale', !told.paper);
    this.drawLanguages();
    const address = `${FRAME}?lang=${/\(en\)/.test(builder.language) || (!builder.language && page.language === 'en') ? 'en' : 'zh'}`;
    if (this.frame.getAttribute('src') !== address) {
      this.ready = false;
      this.frame.setAttribute('src', address);
    }
    this.say();
  }

  drawLanguages() {
    const { builder } = this;
    const languages = languagesOf(builder.form).filter(Boolean);
    if (!languages.includes(builder.language)) builder.language = languages[0] ?? '';
    this.languages.replaceChildren(...(languages.length > 1 ? languages.map((one) => h('button', { type: 'button', 'aria-pressed': String(one === builder.language), text: one.replace(/\s*\(.*\)/, ''), onclick: () => this.speak(one) })) : []));
  }

  speak(language) {
    this.builder.language = language;
    this.builder.draw({ quiet: true });
  }

  say() {
    if (!this.ready || !this.paper) return;
    this.frame.contentWindow.postMessage({ paper: this.paper, language: this.builder.language, chosen: pathOf(this.builder.form, this.builder.chosen) }, location.origin);
  }

  /** A part of the map that the frame's place picker asks for. */
  async give(address) {
    const part = GROUND.exec(address)?.[1];
    if (!part) return;
    const content = await get(this.builder.page, `${FRAME}/ground/${part}.json`).catch(() => null);
    this.frame.contentWindow.postMessage({ given: address, content }, location.origin);
  }

  /* The frame is ready, or somebody is at a question in it: that is the one to edit. */
  hear({ data, origin, source }) {
    if (origin !== location.origin || source !== this.frame.contentWindow) return;
    if (data?.preview === 'ready') {
      this.ready = true;
      this.say();
    } else if (data?.preview === 'ask') {
      this.give(data.address);
    } else if (data?.preview === 'chosen') {
      const found = [...walk(this.builder.form.children)].find(({ node }) => pathOf(this.builder.form, node.key) === data.path);
      if (found && found.node.key !== this.builder.chosen) this.builder.choose(found.node.key);
    }
  }
}

/** Where a node stands below the form's root: `/household/name`. */
function pathOf(form, key) {
  const found = key === null ? null : find(form, key);
  return found ? `${found.parent === null ? '' : pathOf(form, found.parent)}/${found.node.name}` : null;
}
