/* The automatic tour: from one hot place to the next, each with a card that says what, where, who and how long. A touch ends it. */

import { element, setText, slot } from './page.mjs';
import { under } from './where.mjs';

const IDLE_MS = 10 * 60_000;
const STAY_MS = 14_000;
const FLIGHT_MS = 5_000;
const FIRST_MS = 1_500;
const RETRY_MS = 30_000;
const SHOWN = 3;
const TOUCHES = ['pointerdown', 'wheel', 'keydown'];

export class Tour {
  constructor(map, page, { padding, where, isLive, onStart, onStop }) {
    Object.assign(this, { map, page, padding, where, isLive, onStart, onStop, on: false, places: [], at: 0 });
    for (const touch of TOUCHES) addEventListener(touch, (event) => this.touched(event), { capture: true, passive: true });
    this.wait();
  }

  /* Nobody has touched the wall for a while: it shows the city by itself. */
  wait() {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.start(), IDLE_MS);
  }

  touched(event) {
    if (event.target.closest?.('[data-slot="tour-toggle"]') || event.key === 't' || event.key === 'T') return;
    this.stop();
    this.wait();
  }

  toggle() {
    if (this.on) this.stop();
    else this.start();
  }

  start() {
    if (this.on) return;
    clearTimeout(this.idle);
    Object.assign(this, { on: true, places: [], home: this.view() });
    slot('tour-toggle').setAttribute('aria-pressed', 'true');
    this.onStart();
    this.timer = setTimeout(() => this.next(), FIRST_MS);
  }

  stop() {
    if (!this.on) return;
    this.on = false;
    clearTimeout(this.timer);
    this.map.stop();
    slot('tour').hidden = true;
    slot('tour-toggle').setAttribute('aria-pressed', 'false');
    this.onStop();
    this.wait();
  }

  view() {
    return { center: this.map.getCenter(), zoom: this.map.getZoom(), pitch: this.map.getPitch(), bearing: this.map.getBearing() };
  }

  async next() {
    if (!this.places.length) {
      const answer = await fetch(under('/api/wall/hot', this.where())).catch(() => null);
      this.places = answer?.ok ? (await answer.json()).places : [];
      this.at = 0;
      this.count = this.places.length;
    }
    if (!this.on) return;
    const place = this.isLive() ? this.places.shift() : null;
    if (place) this.visit(place);
    else this.timer = setTimeout(() => this.next(), RETRY_MS);
  }

  visit(place) {
    this.at += 1;
    const [west, south, east, north] = place.box;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    slot('tour').hidden = true;
    const camera = this.map.cameraForBounds([[west, south], [east, north]], { padding: this.padding(), maxZoom: 16.2, pitch: 50, bearing: -15 });
    this.map.flyTo({ ...camera, pitch: 50, bearing: this.at % 2 ? -15 : 15, duration: calm ? 0 : FLIGHT_MS, essential: true });
    this.timer = setTimeout(() => this.tell(place), calm ? 0 : FLIGHT_MS);
  }

  tell(place) {
    setText(slot('tour-step'), `${this.at} / ${this.count}`);
    setText(slot('tour-where'), place.name ?? '');
    setText(slot('tour-what'), this.page.pick(place.sentence));
    slot('tour-cases').replaceChildren(...place.cases.slice(0, SHOWN).map((row) => this.line(row)));
    slot('tour').hidden = false;
    this.timer = setTimeout(() => this.next(), STAY_MS);
  }

  line(row) {
    const left = this.page.left(row);
    const item = element('li', 'tour-case');
    const place = [this.page.place(row), row.team].filter(Boolean).join(' · ');
    item.append(element('span', `mark mark-${left?.overdue ? 'overdue' : 'work'}`), element('b', '', this.page.pick(row.matter) || row.title), element('span', '', place),
      element('span', `tour-left${left?.overdue ? ' is-overdue' : ''}`, left?.text ?? ''));
    return item;
  }
}
