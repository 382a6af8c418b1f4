/* The feed: newest cases first, patched in place; or, for a while, the cases behind a key figure. */

import { paced } from './pace.mjs';
import { element, setText, slot } from './page.mjs';

const SHOWN = 80;
const KEPT_FOR_READER = 400;
const LIVELY = 12; // more at once are not pointed out one by one
const AT_ONCE = 500;

export class Feed {
  constructor(page, snapshot, { onSelect, onLeave }) {
    Object.assign(this, { page, onSelect, onLeave, mode: 'latest', unseen: 0, query: '', test: () => true, waiting: new Map() });
    this.list = slot('feed');
    this.body = this.list.parentElement;
    this.rows = new Map();
    this.writeSoon = paced(() => this.writeWaiting());
    this.list.addEventListener('click', (event) => {
      const item = event.target.closest('[data-case]');
      if (item) this.onSelect(Number(item.dataset.case));
    });
    slot('feed-back').addEventListener('click', () => this.leave());
    slot('feed-more').addEventListener('click', () => this.toTop());
    this.body.addEventListener('scroll', () => this.body.scrollTop < 8 && this.seen());
    this.makeSearch();
    this.take(snapshot);
    setInterval(() => this.tick(), 15_000);
  }

  take(snapshot) {
    this.states = snapshot.states;
    this.areas = snapshot.areas;
    this.channels = snapshot.channels;
    if (this.mode === 'latest') this.fill(snapshot.rows);
    else this.latest = snapshot.rows;
  }

  makeSearch() {
    const box = slot('search-box');
    this.input = element('input', 'search-input');
    Object.assign(this.input, { type: 'search', placeholder: box.dataset.placeholder, spellcheck: false, autocomplete: 'off' });
    this.input.setAttribute('aria-label', box.dataset.placeholder);
    this.input.addEventListener('input', () => this.search(this.input.value));
    box.replaceChildren(this.input, element('kbd', 'search-key', '/'));
  }

  search(text) {
    this.query = text.trim().toLowerCase();
    for (const row of this.rows.values()) this.match(row);
    this.note();
  }

  match(row) {
    const text = [row.data.number, row.data.title, ...row.data.matter, row.data.address, this.areas[row.data.area], row.data.team].join(' ').toLowerCase();
    row.item.hidden = Boolean(this.query) && !text.includes(this.query);
  }

  fill(rows) {
    this.rows.clear();
    this.list.replaceChildren(...rows.map((row) => this.made(row)));
    this.seen();
    this.note();
    this.mark(this.selected);
  }

  made(data) {
    const item = element('li', 'row');
    item.dataset.case = data.id;
    const row = { item, data, dot: element('span', 'mark'), title: element('b', 'row-title'), state: element('span', 'row-state'),
      place: element('span', 'row-place'), time: element('time', 'row-time'), left: element('span', 'row-left') };
    const first = element('div', 'row-line');
    first.append(row.title, row.state, row.time);
    const second = element('div', 'row-line');
    second.append(row.place, row.left);
    const main = element('div', 'row-main');
    main.append(first, second);
    item.append(row.dot, main);
    this.rows.set(data.id, row);
    this.write(row);
    this.match(row);
    return item;
  }

  write(row) {
    const { data } = row;
    const state = this.states[data.state];
    const left = this.page.left(data);
    row.dot.className = `mark mark-${left?.overdue ? 'overdue' : state?.tone ?? 'new'}${data.urgent && !data.closed ? ' is-urgent' : ''}`;
    setText(row.title, this.page.pick(data.matter) || data.title);
    setText(row.state, this.page.pick(state?.name));
    setText(row.place, this.page.place(data, this.page.pick(this.channels[data.channel])));
    setText(row.time, this.page.moment(data.reported));
    setText(row.left, left ? left.text : data.team ?? '');
    row.left.className = `row-left${left?.overdue ? ' is-overdue' : left?.pressing ? ' is-pressing' : ''}`;
    row.item.className = `row${data.id === this.selected ? ' is-selected' : ''}`;
  }

  /** Only such rows come in from now on. */
  setTest(test) {
    this.test = test;
  }

  /* Live rows wait a little, so that a burst costs one layout and not one a row. */
  patch(rows) {
    for (const data of rows) this.waiting.set(data.id, data);
    if (this.waiting.size > AT_ONCE) this.writeWaiting();
    else this.writeSoon();
  }

  /* Known rows change in place, new ones come in on top without moving what is being read. */
  writeWaiting() {
    const rows = [...this.waiting.values()];
    this.waiting.clear();
    const lively = rows.length <= LIVELY;
    for (const data of rows) {
      const known = this.rows.get(data.id);
      if (!known) continue;
      const moved = known.data.state !== data.state;
      known.data = data;
      this.write(known);
      if (moved && lively) flash(known.item);
      if (this.mode === 'latest' && !this.test(data)) this.drop(known.item);
    }
    if (this.mode === 'latest') this.arrive(rows.filter((data) => !this.rows.has(data.id) && this.test(data)), lively);
    this.note();
  }

  /* One pass from the top for all of them; rows older than the list are not shown. */
  arrive(rows, lively) {
    if (!rows.length) return;
    const reading = this.body.scrollTop > 8;
    const height = reading ? this.list.scrollHeight : 0;
    const items = [];
    let next = this.list.firstElementChild;
    const open = !next;
    for (const data of rows.sort((a, b) => b.reported - a.reported || b.id - a.id).slice(0, SHOWN)) {
      while (next && this.rows.get(Number(next.dataset.case)).data.reported > data.reported) next = next.nextElementSibling;
      if (!next && !open) break;
      const item = this.made(data);
      this.list.insertBefore(item, next);
      items.push(item);
    }
    if (lively) this.show(items);
    if (reading) {
      this.body.scrollTop += this.list.scrollHeight - height;
      this.unseen += items.length;
    }
    while (this.list.children.length > (reading ? KEPT_FOR_READER : SHOWN)) this.drop(this.list.lastElementChild);
  }

  show(items) {
    for (const item of items) item.classList.add('is-new');
    setTimeout(() => items.forEach((item) => item.classList.remove('is-new')), 2600);
  }

  drop(item) {
    this.rows.delete(Number(item.dataset.case));
    item.remove();
  }

  tick() {
    for (const row of this.rows.values()) this.write(row);
  }

  /* The cases behind a figure take the feed's place until they are left. */
  showBehind(figure, title, rows) {
    if (this.mode === 'latest') this.latest = [...this.rows.values()].map((row) => row.data);
    this.mode = figure;
    setText(slot('feed-title'), title);
    slot('feed-back').hidden = false;
    this.fill(rows);
    this.body.scrollTop = 0;
  }

  leave() {
    if (this.mode === 'latest') return;
    this.mode = 'latest';
    slot('feed-back').hidden = true;
    setText(slot('feed-title'), this.page.say('feed.title'));
    this.onLeave();
  }

  seen() {
    this.unseen = 0;
    slot('feed-more').hidden = true;
  }

  toTop() {
    this.body.scrollTo({ top: 0, behavior: 'smooth' });
    this.seen();
  }

  note() {
    const visible = [...this.rows.values()].filter((row) => !row.item.hidden).length;
    slot('feed-empty').hidden = visible > 0;
    setText(slot('feed-empty'), this.page.say(this.query ? 'feed.no_match' : this.mode === 'latest' ? 'feed.empty' : 'feed.none_behind'));
    setText(slot('feed-count'), this.mode === 'latest' ? '' : this.page.number.format(visible));
    slot('feed-more').hidden = this.unseen === 0;
    setText(slot('feed-more'), this.page.say('feed.more', { n: this.unseen }));
  }

  mark(id) {
    this.rows.get(this.selected)?.item.classList.remove('is-selected');
    this.selected = id;
    this.rows.get(id)?.item.classList.add('is-selected');
  }

  /* The row above or below the selected one. */
  step(by) {
    const shown = [...this.list.children].filter((item) => !item.hidden);
    const at = shown.findIndex((item) => Number(item.dataset.case) === this.selected);
    const next = shown[at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by))];
    if (!next) return;
    next.scrollIntoView({ block: 'nearest' });
    this.onSelect(Number(next.dataset.case));
  }
}

function flash(item) {
  item.classList.remove('is-changed');
  void item.offsetWidth;
  item.classList.add('is-changed');
}
