/* The key figures and the clock. */

import { setText, slot } from './page.mjs';

/** A share in per cent with one digit, its number and its unit; 100 only where it is all of them. */
function share(part) {
  if (part === null) return ['–', ''];
  return [part === 1 ? '100' : Math.min(99.9, part * 100).toFixed(1), '%'];
}

export class Figures {
  constructor(page, snapshot, { onOpen }) {
    this.page = page;
    this.buttons = new Map([...document.querySelectorAll('[data-figure]')].map((button) => [button.dataset.figure, button]));
    for (const [figure, button] of this.buttons) button.addEventListener('click', () => onOpen(figure));
    this.take(snapshot);
    this.tick();
    setInterval(() => this.tick(), 1000);
  }

  /** Figures of a snapshot or a pulse; none while the server still reads the cases. */
  take({ figures }) {
    if (!figures) return;
    this.figures = figures;
    for (const figure of ['today', 'open', 'overdue', 'undispatched']) this.write(figure, this.page.number.format(figures[figure]), this.page.say('unit.cases'));
    const dispatched = figures.dispatched;
    if (dispatched === null) this.write('dispatched', '–', '');
    else if (dispatched < 90) this.write('dispatched', String(Math.round(dispatched)), this.page.say('unit.seconds'));
    else this.write('dispatched', ...this.span(dispatched / 60, dispatched < 600 ? 1 : 0));
    this.write('late', ...share(figures.late));
    this.buttons.get('overdue').classList.toggle('is-alarming', figures.overdue > 0);
    this.tightest();
    const numbers = [...this.buttons.values()].map((button) => button.querySelector('[data-slot="value"]').textContent);
    document.querySelector('.figures').style.setProperty('--letters', Math.max(4, ...numbers.map((number) => number.length)));
  }

  tightest() {
    if (!this.figures) return undefined;
    const at = this.figures.tightest;
    if (at === null) return this.write('tightest', '–', '');
    const minutes = Math.max(0, Math.floor((at - this.page.now()) / 60));
    this.buttons.get('tightest').classList.toggle('is-pressing', minutes < 30);
    return this.write('tightest', ...this.span(minutes));
  }

  /** A span in minutes, from ten hours on in hours: its number and its unit, never wider than the figure's place. */
  span(minutes, digits = 0) {
    if (minutes < 600) return [minutes.toFixed(digits), this.page.say('unit.minutes')];
    return [(minutes / 60).toFixed(0), this.page.say('unit.hours')];
  }

  write(figure, value, unit) {
    const button = this.buttons.get(figure);
    const number = button.querySelector('[data-slot="value"]');
    const changed = number.textContent !== '' && number.textContent !== value;
    setText(number, value);
    setText(button.querySelector('[data-slot="unit"]'), unit);
    if (!changed || figure === 'tightest') return;
    button.classList.remove('is-changed');
    void button.offsetWidth;
    button.classList.add('is-changed');
  }

  press(figure) {
    for (const [name, button] of this.buttons) button.setAttribute('aria-pressed', String(name === figure));
  }

  nameOf(figure) {
    return this.buttons.get(figure).querySelector('.figure-name').textContent;
  }

  tick() {
    const now = new Date(this.page.now() * 1000);
    setText(slot('time'), this.page.exact.format(now));
    setText(slot('date'), this.page.date.format(now));
    this.tightest();
  }
}
