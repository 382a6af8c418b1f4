/* The builder: questions left, the chosen one in the middle, the phone right. What is written is saved a moment later and checked. */

import { button, change, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { drawEditor } from './forms_editor.mjs';
import { demandOf, identityDialog } from './forms_identity.mjs';
import { History, SELECTS, copyOf, find, fresh, fromBank, insert, languageFor, nudge, questions, remove, tidy, update, walk, withKeys } from './forms_model.mjs';
import { languagesDialog } from './forms_language_dialog.mjs';
import { mediaDialog } from './forms_media.mjs';
import { drawOutline } from './forms_outline.mjs';
import { addDialog } from './forms_palette.mjs';
import { Preview } from './forms_preview.mjs';
import { publishDialog } from './forms_publish.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';

const SAVE_MS = 600;
/** Known of so many, a question is worth a word. */
const MOSTLY = 0.5;
const TYPING = 'input, textarea, select, [contenteditable]';

export async function open(config, draft) {
  const builder = new Builder(config, draft);
  await builder.load();
}

export class Builder {
  constructor(config, draft) {
    this.page = new Page(config);
    this.base = `/api/forms/drafts/${draft}`;
  }

  async load() {
    const { page } = this;
    try {
      this.said = await get(page, `${this.base}?lang=${page.language}`);
      page.follow({ city: { timezone: this.said.timezone }, now: this.said.now });
      this.revision = this.said.revision;
      this.history = new History(withKeys({ children: [], lists: [], ...this.said.content }));
      this.told = this.said;
      this.media = this.said.media;
      this.language = languageFor(this.form, page.language);
      this.chosen = this.form.children[0]?.key ?? null;
      this.frame();
      this.draw();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  get form() {
    return this.history.now;
  }

  get node() {
    return this.chosen === null ? null : find(this.form, this.chosen)?.node ?? null;
  }

  frame() {
    const { page } = this;
    this.title = h('input', { class: 'builder-title', 'aria-label': page.say('form_title'), placeholder: page.say('form_title'), oninput: () => this.set({ ...this.form, title: this.title.value }, 'title', { quiet: true }) });
    this.state = h('span', { class: 'builder-state', role: 'status' });
    this.back = button(page.say('undo'), 'undo-2', () => this.undo(), { quiet: true, name: 'builder-undo' });
    this.identity = button(page.say('identity'), 'badge-check', () => identityDialog(this), { quiet: true, name: 'builder-identity-open' });
    this.again = button(page.say('redo'), 'redo-2', () => this.redo(), { quiet: true });
    this.wrong = h('div', { class: 'builder-problems', role: 'status' });
    this.known = h('div', { class: 'builder-known' });
    this.outline = h('div', { class: 'builder-outline', role: 'listbox', 'aria-label': page.say('outline'), tabindex: 0 });
    this.editor = h('div', { class: 'builder-editor' });
    this.preview = new Preview(this);
    const head = h('header', { class: 'forms-head' },
      h('a', { class: 'forms-quiet', href: '/forms', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')), this.title, this.state, this.back, this.again,
      this.identity,
      button(page.say('media'), 'image', () => mediaDialog(this), { quiet: true, name: 'builder-shows' }),
      button(page.say('languages'), 'languages', () => languagesDialog(this), { quiet: true, name: 'builder-speak' }),
      h('a', { class: 'forms-quiet', href: `${this.base}/file.xlsx`, title: page.say('download'), 'aria-label': page.say('download') }, icon('download')),
      button(page.say('publish'), 'send', () => publishDialog(this), { main: true, name: 'builder-publish' }));
    const left = h('section', { class: 'builder-left' }, this.wrong, this.known, this.outline, button(page.say('add'), 'plus', () => this.add(), { name: 'builder-add' }));
    slot('room').replaceChildren(head, h('div', { class: 'builder' }, left, this.editor, this.preview.element));
    this.outline.addEventListener('keydown', (event) => this.outlineKey(event));
    addEventListener('keydown', (event) => this.key(event));
    register('a', page.say('add'), () => this.add());
  }

  /** Change the form. `what`: steps of the same kind in a row are one step; quiet: what is typed into is not drawn anew. */
  set(form, what = '', { quiet = false } = {}) {
    this.history.set(form, what);
    clearTimeout(this.due);
    this.due = setTimeout(() => this.save(), SAVE_MS);
    this.state.textContent = this.page.say('saving');
    this.draw({ quiet });
  }

  draw({ quiet = false } = {}) {
    if (this.title.value !== this.form.title) this.title.value = this.form.title;
    this.back.disabled = !this.history.past.length;
    this.again.disabled = !this.history.future.length;
    this.identity.setAttribute('aria-pressed', String(demandOf(this.form) !== 'none'));
    drawOutline(this);
    if (!quiet) drawEditor(this);
    this.preview.draw();
    this.drawTold();
  }

  drawTold() {
    const { page, told } = this;
    this.wrong.replaceChildren(...told.problems.map((problem) => h('button', { type: 'button', class: 'builder-problem', onclick: () => this.jump(problem) }, icon('triangle-alert'), problem[page.language])));
    this.known.replaceChildren(...(told.overlap.known.length ? this.knownTold(told.overlap) : []));
  }

  /* What is known of most: offered to be filled in before, or to be left out; what is known of few only where there is nothing else. */
  knownTold({ asked, people, known, base }) {
    const { page } = this;
    const most = known.filter(({ share }) => share >= MOSTLY);
    const meant = most.length ? most : known;
    const saved = page.number.format(Math.round(meant.reduce((sum, { share }) => sum + share, 0) * people));
    const share = Math.floor(Math.min(...meant.map((one) => one.share)) * 100);
    const loose = meant.filter(({ bound }) => !bound);
    const prefill = loose.length ? button(page.say('overlap_prefill', { saved }), null, () => this.prefillKnown(loose), { main: true, name: 'known-prefill' }) : h('p', { class: 'known-done' }, icon('check'), page.say('overlap_prefilled', { saved }));
    return [icon('sparkles'), h('p', {}, page.say(`overlap.${base}`, { asked, n: meant.length, people: page.number.format(people), share })), h('div', { class: 'known-acts' }, prefill, button(page.say('overlap_remove', { saved }), null, () => this.removeKnown(meant), { name: 'known-remove' }))];
  }

  /** Bind questions to the fields that they ask for: whoever is asked by a link of their own finds them filled in. */
  prefillKnown(known) {
    const field = new Map(known.map((one) => [one.question, one.field]));
    this.set(questions(this.form).filter(({ name }) => field.has(name)).reduce((form, node) => update(form, node.key, { needle_field: field.get(node.name) }), this.form));
  }

  jump({ place, field }) {
    if (field === 'media') return mediaDialog(this);
    const found = [...walk(this.form.children)].find((one) => String(one.place) === String(place));
    if (!found) return this.title.focus();
    this.choose(found.node.key);
    return this.editor.querySelector(`[data-field="${field}"]`)?.focus();
  }

  removeKnown(known) {
    const names = new Set(known.map(({ question }) => question));
    this.set(tidy(questions(this.form).filter(({ name }) => names.has(name)).reduce((form, node) => remove(form, node.key), this.form)));
  }

  choose(key) {
    this.chosen = key;
    this.draw();
  }

  add() {
    addDialog(this, (what) => {
      const words = (name) => this.page.say(`fresh.${name}`);
      const [form, node] = what.bank ? fromBank(this.form, what.bank) : fresh(this.form, what.kind, words);
      const here = this.chosen === null ? null : find(form, this.chosen);
      const inside = here?.node.children && what.kind !== 'begin_repeat' && what.kind !== 'begin_group';
      this.chosen = node.key;
      if (!here) this.set(insert(form, node));
      else this.set(inside ? insert(form, node, here.node.key) : insert(form, node, here.parent, here.index + 1));
      this.editor.querySelector('[data-field="labels"]')?.focus();
    });
  }

  drop(key) {
    const all = [...walk(this.form.children)].map(({ node }) => node.key);
    this.chosen = all[all.indexOf(key) + 1] ?? all[all.indexOf(key) - 1] ?? null;
    const form = tidy(remove(this.form, key));
    if (!find(form, this.chosen)) this.chosen = form.children[0]?.key ?? null;
    this.set(form);
  }

  copy(key) {
    const { node, parent, index } = find(this.form, key);
    const made = copyOf(this.form, node);
    this.chosen = made.key;
    this.set(insert(this.form, made, parent, index + 1));
  }

  undo() {
    if (this.history.undo()) this.set(this.form);
  }

  redo() {
    if (this.history.redo()) this.set(this.form);
  }

  key(event) {
    if (document.querySelector('dialog[open]') || !(event.ctrlKey || event.metaKey)) return;
    const name = event.key.toLowerCase();
    if (name === 'z' || name === 'y') {
      event.preventDefault();
      if (name === 'y' || event.shiftKey) this.redo();
      else this.undo();
    } else if (name === 'd' && this.chosen && !event.target.matches?.(TYPING)) {
      event.preventDefault();
      this.copy(this.chosen);
    }
  }

  outlineKey(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by && event.altKey) this.set(nudge(this.form, this.chosen, by));
    else if (by) {
      const all = [...walk(this.form.children)].map(({ node }) => node.key);
      this.choose(all[Math.min(Math.max(all.indexOf(this.chosen) + by, 0), all.length - 1)] ?? null);
    } else if (event.key === 'Delete' && this.chosen) this.drop(this.chosen);
    else if (event.key === 'Enter') this.editor.querySelector('[data-field="labels"]')?.focus();
    else return;
    event.preventDefault();
    this.outline.focus();
  }

  /** Save what is there now; saves never overtake each other. */
  async save() {
    if (this.saves) return this.saves.then(() => this.save());
    const form = this.form;
    this.saves = change(this.page, 'PUT', this.base, { content: form, revision: this.revision });
    try {
      const told = await this.saves;
      this.revision = told.revision;
      if (form === this.form) {
        this.told = told;
        this.state.textContent = this.page.say('saved');
        this.drawTold();
        drawOutline(this);
        this.preview.draw();
      }
    } catch (error) {
      this.state.textContent = error.message;
    } finally {
      this.saves = null;
    }
    return undefined;
  }

  /** Once everything is saved. */
  async settled() {
    clearTimeout(this.due);
    await this.save();
  }
}

export const isSelect = (node) => SELECTS.includes(node.type);
