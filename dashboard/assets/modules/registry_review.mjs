/* Pairs that may be one: both side by side, what speaks for it and against it drawn as bars, one key a decision, and back. */

import { button, change, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { kindIcon } from './registry_find.mjs';
import { stateOf } from './states.mjs';

const AHEAD = 3;
const WHOLE = 12;

export async function open(config) {
  const review = new Review(config);
  await review.load();
}

class Review {
  constructor(config) {
    Object.assign(this, { page: new Page(config), queue: [], past: [], decided: 0, waiting: 0, last: null, seen: new Set(), busy: false });
  }

  async load() {
    const { page } = this;
    try {
      const after = this.last ? `&weight=${this.last.weight}&after=${this.last.id}` : '';
      const said = await get(page, `/api/registry/review?lang=${page.language}${after}`);
      page.follow({ city: { timezone: said.timezone }, now: said.now });
      const fresh = said.doubts.filter(({ id }) => !this.seen.has(id));
      for (const doubt of fresh) this.seen.add(doubt.id);
      if (said.doubts.length) this.last = said.doubts.at(-1);
      this.queue.push(...fresh);
      Object.assign(this, { waiting: said.waiting, decided: said.decided });
      if (!this.keyed) this.keys();
      this.draw();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  keys() {
    const { page } = this;
    this.keyed = true;
    register('m', page.say('review.merge'), () => this.decide(true));
    register('s', page.say('review.apart'), () => this.decide(false));
    register('ArrowRight', page.say('review.skip'), () => this.skip());
    register('u', page.say('review.undo'), () => this.undo());
    register('Escape', page.say('key.back'), () => location.assign('/registry'));
  }

  draw() {
    const { page } = this;
    const [doubt] = this.queue, all = this.waiting + this.decided;
    const head = h('header', { class: 'sheet-head' }, h('a', { class: 'forms-quiet', href: '/registry', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')), h('h1', { text: page.say('review.title') }), h('p', { class: 'desk-total', role: 'status', text: page.say('review.left', { n: page.number.format(this.waiting), done: page.number.format(this.decided) }) }), h('progress', { class: 'review-progress', max: Math.max(all, 1), value: this.decided, 'aria-label': page.say('review.progress') }));
    const body = doubt ? this.pair(doubt) : h('div', { class: 'review-done' }, stateOf('empty', { title: page.say(this.waiting ? 'review.skipped' : 'review.none'), text: page.say(this.waiting ? 'review.skipped_text' : 'review.none_text'), icon: 'check-check', action: this.waiting ? { words: page.say('review.again'), act: () => location.reload() } : null }));
    slot('room').replaceChildren(head, h('div', { class: 'review' }, this.problem ? h('p', { class: 'review-problem', role: 'alert', text: this.problem }) : null, body, this.acts(doubt)));
  }

  pair(doubt) {
    const { page } = this;
    const side = (code, name) => h('th', { scope: 'col' }, h('a', { href: `/registry/${code}`, target: '_blank', rel: 'noopener' }, kindIcon(doubt.kind), name, icon('external-link')));
    const name = (key) => doubt.lines.find(({ field }) => field === 'name')?.[key] ?? doubt.lines.find(({ field }) => field === 'address')?.[key] ?? page.say('unnamed');
    return h('article', { class: 'review-pair', 'data-doubt': doubt.id },
      h('div', { class: 'review-chance' }, h('b', { text: `${(doubt.probability * 100).toFixed(doubt.probability > 0.99 ? 2 : 0)}%` }), h('span', { text: page.say('review.chance') }), balance(page, doubt)),
      h('table', { class: 'review-table' }, h('caption', { class: 'unseen', text: page.say('review.title') }), h('thead', {}, h('tr', {}, h('td'), side(doubt.left, name('left')), side(doubt.right, name('right')), h('th', { scope: 'col', class: 'review-evidence', text: page.say('review.evidence') }))),
        h('tbody', {}, doubt.lines.map((line) => this.line(line)))));
  }

  line(line) {
    const { page } = this;
    const look = line.agrees === true ? 'is-same' : line.agrees === false ? 'is-other' : 'is-unknown';
    const cell = (value, other) => h('td', {}, value === null ? h('span', { class: 'review-nothing', text: page.say('review.unknown') }) : line.agrees === false ? differing(value, other) : value);
    return h('tr', { class: look }, h('th', { scope: 'row' }, icon(line.agrees === true ? 'check' : line.agrees === false ? 'x' : 'circle-help'), line.label), cell(line.left, line.right), cell(line.right, line.left), h('td', { class: 'review-evidence' }, line.weight === null ? null : bar(page, line)));
  }

  acts(doubt) {
    const { page } = this;
    const act = (name, key, drawing, run, off) => h('button', { type: 'button', class: `review-act is-${name}`, 'data-act': name, disabled: off, onclick: run }, icon(drawing), h('span', { text: page.say(`review.${name}`) }), h('kbd', { text: key }));
    return h('footer', { class: 'review-acts' }, act('undo', 'U', 'undo-2', () => this.undo(), !this.past.length), act('apart', 'S', 'x', () => this.decide(false), !doubt), act('merge', 'M', 'check', () => this.decide(true), !doubt), act('skip', '→', 'chevron-right', () => this.skip(), !doubt));
  }

  async decide(same) {
    const [doubt] = this.queue;
    if (!doubt || this.busy) return;
    await this.doing(async () => {
      await change(this.page, 'POST', `/api/registry/review/${doubt.id}`, { same });
      this.queue.shift();
      this.past.push(doubt);
      Object.assign(this, { waiting: this.waiting - 1, decided: this.decided + 1 });
    }, doubt);
    if (this.queue.length < AHEAD) await this.load();
  }

  async undo() {
    const doubt = this.past.at(-1);
    if (!doubt || this.busy) return;
    await this.doing(async () => {
      await change(this.page, 'POST', `/api/registry/review/${doubt.id}/undo`);
      this.past.pop();
      this.queue.unshift(doubt);
      Object.assign(this, { waiting: this.waiting + 1, decided: this.decided - 1 });
    });
  }

  async skip() {
    if (this.busy || !this.queue.length) return;
    this.queue.shift();
    this.draw();
    if (this.queue.length < AHEAD) await this.load();
  }

  /* One decision at a time; one that somebody else has taken meanwhile is out of the queue. */
  async doing(work, doubt) {
    this.busy = true;
    this.problem = null;
    try {
      await work();
    } catch (error) {
      this.problem = error.message;
      if (error.code === 'registry.doubt_settled' && doubt) this.queue.shift();
    }
    this.busy = false;
    this.draw();
  }
}

/* All evidence on one line: what speaks against it to the left, for it to the right. */
function balance(page, doubt) {
  const weights = doubt.lines.map(({ weight }) => weight ?? 0);
  const sum = (sign) => weights.filter((one) => one * sign > 0).reduce((all, one) => all + Math.abs(one), 0);
  const whole = Math.max(sum(1) + sum(-1), 1);
  const part = (name, value) => { const made = h('i', { class: `balance-${name}` }); made.style.flexGrow = value / whole; return made; };
  return h('div', { class: 'review-balance', role: 'img', 'aria-label': page.say('review.balance', { against: sum(-1).toFixed(1), for: sum(1).toFixed(1) }) }, part('against', sum(-1)), part('for', sum(1)));
}

function bar(page, { weight, level }) {
  const made = h('i');
  made.style.width = `${Math.min(100, (Math.abs(weight) / WHOLE) * 100)}%`;
  return h('span', { class: `review-bar ${weight < 0 ? 'is-against' : 'is-for'}`, title: level }, h('span', {}, made), h('b', { text: `${weight > 0 ? '+' : ''}${weight.toFixed(1)}` }));
}

/* What differs between two texts, marked: everything between what they begin and end with alike. */
function differing(value, other) {
  if (other === null) return value;
  const [one, two] = [[...value], [...other]];
  let start = 0, end = 0;
  while (start < one.length && one[start] === two[start]) start += 1;
  while (end < one.length - start && end < two.length - start && one.at(-1 - end) === two.at(-1 - end)) end += 1;
  const middle = one.slice(start, one.length - end).join('');
  return h('span', {}, one.slice(0, start).join(''), middle ? h('mark', { text: middle }) : null, end ? one.slice(-end).join('') : '');
}
