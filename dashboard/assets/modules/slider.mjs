/* The time slider: a histogram of what came in, a brush over it, and playback. It moves the map's own clock: nothing is asked for
   while it plays; when it rests, the stretch becomes part of the filter. */

import { element, slot } from './page.mjs';
import { niceScale, put, svg } from './svg.mjs';
import { moment, timeless, under } from './where.mjs';

const SPANS = { '24h': { seconds: 86_400, step: 900, play: 2 }, '30d': { seconds: 30 * 86_400, step: 6 * 3600, play: 1 } };
const [WIDTH, HEIGHT] = [1000, 44];
const PLAY_MS = 250;
const SPEEDS = [1, 2, 4];
const SETTLE_MS = 300;
const REFRESH_MS = 60_000;

export class Slider {
  /** `onMove(stretch)`: the map follows; `onPlay(span)`: a whole span is about to be played, null: no more; `onRest(stretch)`: it holds. A stretch is {from, to} in Unix seconds, or null: all, now. */
  constructor(page, { span, where, onMove, onPlay, onRest }) {
    Object.assign(this, { page, span, where, onMove, onPlay, onRest, speed: 1, brush: null });
    this.build();
    this.listen();
    this.load();
    setInterval(() => !this.timer && !this.brush && this.load(), REFRESH_MS);
  }

  get frame() {
    return SPANS[this.span];
  }

  build() {
    this.bars = svg('g', { class: 'slider-bars' });
    this.window = svg('rect', { class: 'slider-window', y: 0, height: HEIGHT });
    this.svg = svg('svg', { class: 'slider-svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, this.bars, this.window);
    this.handles = ['from', 'to'].map((edge) => {
      const handle = element('div', `slider-handle slider-${edge}`);
      put(handle, { role: 'slider', tabindex: 0, 'aria-label': this.page.say(`slider.${edge}`), 'aria-orientation': 'horizontal' });
      handle.dataset.edge = edge;
      return handle;
    });
    slot('slider-track').replaceChildren(this.svg, ...this.handles);
    for (const button of document.querySelectorAll('[data-span]')) button.addEventListener('click', () => this.setSpan(button.dataset.span));
    slot('slider-play').addEventListener('click', () => this.toggle());
    slot('slider-speed').addEventListener('click', () => this.faster());
    slot('slider-live').addEventListener('click', () => this.release());
  }

  listen() {
    const track = slot('slider-track');
    track.addEventListener('pointerdown', (event) => this.grab(event));
    for (const handle of this.handles) handle.addEventListener('keydown', (event) => this.nudge(event, handle.dataset.edge));
  }

  /** Read the histogram anew under the filter, and lay the brush of the address over it. */
  async load() {
    const now = this.page.now();
    const { seconds, step } = this.frame;
    const to = Math.ceil(now / step) * step;
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const answer = await fetch(under('/api/wall/series', timeless(this.where), { from: to - seconds, to, step })).catch(() => null);
    if (!answer?.ok || turn !== this.turn) return;
    this.series = await answer.json();
    this.steps = this.series.opened.length;
    this.draw();
    this.show();
  }

  follow(where) {
    this.where = where;
    const [from, to] = [moment(where.from), moment(where.to)];
    this.brush = from === null && to === null ? null : { from, to };
    this.load();
  }

  draw() {
    const { top } = niceScale(Math.max(...this.series.opened));
    const wide = WIDTH / this.steps;
    while (this.bars.childNodes.length < this.steps) this.bars.append(svg('rect'));
    while (this.bars.childNodes.length > this.steps) this.bars.lastChild.remove();
    this.series.opened.forEach((count, index) => {
      const height = (count / top) * (HEIGHT - 4);
      put(this.bars.childNodes[index], { x: (index * wide).toFixed(1), width: Math.max(1, wide - 1.6).toFixed(1), y: (HEIGHT - height).toFixed(1), height: height.toFixed(1) });
    });
  }

  /* Steps of the histogram that the brush covers: [first, behind the last]. */
  range() {
    if (!this.series) return [0, 1];
    const { start, step } = this.series;
    const at = (seconds, otherwise) => (seconds === null ? otherwise : Math.min(this.steps, Math.max(0, Math.round((seconds - start) / step))));
    return this.brush ? [at(this.brush.from, 0), at(this.brush.to, this.steps)] : [0, this.steps];
  }

  setRange(first, last) {
    const { start, step } = this.series;
    const whole = first <= 0 && last >= this.steps;
    this.brush = whole && this.span === '24h' ? null : { from: start + Math.max(0, first) * step, to: start + Math.min(this.steps, last) * step };
    this.show();
    this.onMove(this.brush);
    clearTimeout(this.settle);
    if (!this.timer) this.settle = setTimeout(() => this.onRest(this.brush), SETTLE_MS);
  }

  show() {
    const [first, last] = this.range();
    const share = (index) => index / this.steps;
    put(this.window, { x: share(first) * WIDTH, width: Math.max(2, share(last - first) * WIDTH) });
    this.handles.forEach((handle, index) => {
      const at = [first, last][index];
      handle.style.setProperty('--at', `${share(at) * 100}%`);
      put(handle, { 'aria-valuemin': 0, 'aria-valuemax': this.steps, 'aria-valuenow': at, 'aria-valuetext': this.say(at) });
    });
    slot('slider').dataset.live = String(!this.brush);
    slot('slider-text').textContent = this.brush ? `${this.say(first)} – ${this.say(last)}` : this.page.say(`slider.all_${this.span}`);
    for (const button of document.querySelectorAll('[data-span]')) button.setAttribute('aria-pressed', String(button.dataset.span === this.span));
    slot('slider-speed').textContent = `${this.speed}×`;
    slot('slider-play').setAttribute('aria-pressed', String(Boolean(this.timer)));
    slot('slider-play').firstElementChild.className = `icon icon-${this.timer ? 'pause' : 'play'}`;
    slot('slider-play').setAttribute('aria-label', this.page.say(this.timer ? 'slider.pause' : 'slider.play'));
  }

  say(index) {
    return this.page.moment(this.series.start + index * this.series.step);
  }

  grab(event) {
    if (!this.series) return;
    const track = slot('slider-track');
    const at = (move) => Math.round(((move.clientX - track.getBoundingClientRect().left) / track.getBoundingClientRect().width) * this.steps);
    const [first, last] = this.range();
    const pressed = at(event);
    const edge = event.target.dataset?.edge;
    const inside = !edge && this.brush && pressed > first && pressed < last;
    const move = (moved) => {
      const here = Math.min(this.steps, Math.max(0, at(moved)));
      if (edge) this.setRange(...(edge === 'from' ? [Math.min(here, last - 1), last] : [first, Math.max(here, first + 1)]));
      else if (inside) this.shift(first, last, here - pressed);
      else if (here !== pressed) this.setRange(Math.min(here, pressed), Math.max(here, pressed));
    };
    const drop = () => {
      track.removeEventListener('pointermove', move);
      track.removeEventListener('pointerup', drop);
      track.removeEventListener('pointercancel', drop);
    };
    track.setPointerCapture(event.pointerId);
    track.addEventListener('pointermove', move);
    track.addEventListener('pointerup', drop);
    track.addEventListener('pointercancel', drop);
  }

  shift(first, last, by) {
    const bounded = Math.max(-first, Math.min(this.steps - last, by));
    this.setRange(first + bounded, last + bounded);
  }

  nudge(event, edge) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const [first, last] = this.range();
    const wide = event.shiftKey ? 4 : 1;
    const target = { Home: 0, End: this.steps }[event.key] ?? (by && (edge === 'from' ? first : last) + by * wide);
    if (target === undefined || !this.series) return;
    event.preventDefault();
    event.stopPropagation();
    if (edge === 'from') this.setRange(Math.max(0, Math.min(target, last - 1)), last);
    else this.setRange(first, Math.min(this.steps, Math.max(target, first + 1)));
  }

  setSpan(span) {
    if (span === this.span) return;
    this.pause();
    this.span = span;
    this.brush = span === '24h' ? null : { from: this.page.now() - SPANS[span].seconds, to: this.page.now() };
    this.onRest(this.brush);
    this.load();
  }

  toggle() {
    if (this.timer) this.pause();
    else this.play();
  }

  /* The brush wanders to the end and starts again; a whole brush grows from the start instead. */
  play() {
    if (!this.series) return;
    const [first, last] = this.range();
    const wide = last - first >= this.steps ? null : last - first;
    let at = wide === null ? 0 : last;
    this.timer = setInterval(() => {
      at = at >= this.steps ? (wide ?? 1) : Math.min(this.steps, at + this.frame.play * this.speed);
      this.setRange(wide === null ? 0 : Math.max(0, at - wide), at);
    }, PLAY_MS);
    this.onPlay({ from: this.series.start, to: this.series.start + this.steps * this.series.step });
    this.show();
  }

  pause() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.onPlay(null);
    this.show();
    this.onRest(this.brush);
  }

  faster() {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
    this.show();
  }

  /** Back to now. */
  release() {
    clearInterval(this.timer);
    clearTimeout(this.settle);
    Object.assign(this, { timer: null, brush: null, span: '24h' });
    this.onPlay(null);
    this.onMove(null);
    this.onRest(null);
    this.load();
  }
}
