/* A worker's day on the map: the way walked so far, where they stayed, the cases they found and those they passed; a clock that plays. */

import { h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';
import { stateOf } from './states.mjs';

const SPEEDS = [60, 240, 600];
const FRAME_MS = 80;
const PADDING_S = 120;

export class Replay {
  /** @param {{ page: object, map: object, host: HTMLElement, bar: HTMLElement, onClose: () => void, onDay: (day: string|null) => void }} wanted */
  constructor(wanted) {
    Object.assign(this, wanted, { speed: SPEEDS[0], timer: null });
  }

  /** The days of a worker that are still kept; the newest, or the one that is named. */
  async open(account, day) {
    this.account = account;
    const said = await get(this.page, `/api/patrol/worker/${account}`);
    this.listed = said;
    await this.show(day && said.days.some((one) => one.day === day) ? day : said.days[0]?.day ?? null);
  }

  async show(day) {
    this.pause();
    this.day = day ? await get(this.page, `/api/patrol/worker/${this.account}/${day}`) : null;
    this.onDay(day);
    this.drawSide();
    this.drawWay();
    this.drawBar();
  }

  close() {
    this.pause();
    this.day = null;
    this.bar.hidden = true;
    for (const name of ['way', 'walked', 'spots']) this.map.put(name, []);
    this.onClose();
  }

  /* --- beside the map ------------------------------------------------------------------------------------------ */

  drawSide() {
    const { page, listed, day } = this, number = page.number;
    const head = h('header', { class: 'doors-head' }, h('button', { type: 'button', class: 'doors-back', 'aria-label': page.say('patrol.back'), onclick: () => this.close() }, icon('arrow-left')), h('h2', { text: listed.name }));
    if (!day) return this.host.replaceChildren(head, stateOf('empty', { title: page.say('patrol.day_none'), text: page.say('patrol.day_none_text'), icon: 'route' }));
    const days = h('select', { 'aria-label': page.say('patrol.day'), onchange: ({ target }) => this.show(target.value) }, listed.days.map((one) => h('option', { value: one.day, text: one.day })));
    days.value = day.day;
    const clock = (at) => page.clock.format(new Date(at * 1000));
    const events = [...day.stops.map((stop) => ({ at: stop.from, stop })), ...day.cases.map((one) => ({ at: one.when, one }))].sort((a, b) => a.at - b.at);
    const list = h('ol', { class: 'replay-events' }, events.map(({ at, stop, one }) => h('li', { 'data-at': at },
      h('button', { type: 'button', class: 'replay-event', onclick: () => this.seek(at, stop ? stop.at : one.at) },
        h('time', { text: clock(at) }), h('span', { class: `dot ${stop ? 'replay-stop' : one.found ? 'replay-found' : 'replay-passed'}`, 'aria-hidden': 'true' }),
        h('span', { text: stop ? page.say('patrol.stayed', { n: Math.round((stop.to - stop.from) / 60) }) : [page.say(one.found ? 'patrol.found' : 'patrol.passed'), one.title || one.number].join(' ') })))));
    const total = h('p', { class: 'worker-line', text: page.say('patrol.day_line', { km: number.format(Math.round(day.walked_m / 100) / 10), stops: day.stops.length, found: day.cases.filter((one) => one.found).length, passed: day.cases.filter((one) => !one.found).length }) });
    return this.host.replaceChildren(head, h('div', { class: 'doors-list' }, h('div', { class: 'replay-head' }, h('label', { class: 'pane-choice', text: page.say('patrol.day') }, days), total, h('p', { class: 'cells-note', text: page.say('patrol.audited') })), list));
  }

  /* --- the clock ------------------------------------------------------------------------------------------------ */

  drawBar() {
    const { page, day, bar } = this;
    bar.hidden = !day?.track.length;
    if (bar.hidden) return;
    this.from = day.track[0][0] - PADDING_S;
    this.to = day.track.at(-1)[0];
    this.play = h('button', { type: 'button', class: 'icon-button', 'aria-label': page.say('patrol.play'), onclick: () => this.toggle() }, icon('play'));
    this.range = h('input', { type: 'range', min: this.from, max: this.to, step: 1, 'aria-label': page.say('patrol.clock'), oninput: ({ target }) => { this.pause(); this.at(Number(target.value)); } });
    this.time = h('output', { class: 'replay-time' });
    const speed = h('button', { type: 'button', class: 'replay-speed', title: page.say('patrol.speed'), text: `${this.speed}×`, onclick: () => { this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length]; speed.textContent = `${this.speed}×`; } });
    bar.replaceChildren(this.play, speed, this.range, this.time);
    this.at(this.to);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.now >= this.to) this.at(this.from);
    this.play.replaceChildren(icon('pause'));
    this.play.setAttribute('aria-pressed', 'true');
    let before = performance.now();
    this.timer = setInterval(() => {
      const moment = performance.now();
      this.at(Math.min(this.to, this.now + ((moment - before) / 1000) * this.speed));
      before = moment;
      if (this.now >= this.to) this.pause();
    }, FRAME_MS);
    return undefined;
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.play?.replaceChildren(icon('play'));
    this.play?.setAttribute('aria-pressed', 'false');
  }

  seek(at, place) {
    this.pause();
    this.at(at);
    this.map.goTo(place);
  }

  /** Show the day as it was at a moment (Unix seconds). */
  at(moment) {
    const { page, day } = this;
    this.now = moment;
    this.range.value = moment;
    const told = page.clock.format(new Date(moment * 1000));
    this.time.textContent = told;
    this.range.setAttribute('aria-valuetext', told);
    const past = day.track.filter(([at]) => at <= moment);
    this.map.put('walked', linesOf(past));
    this.map.put('spots', [...spotsOf(day, moment), ...(past.length ? [pointOf(past.at(-1).slice(1, 3), { kind: 'here' })] : [])]);
    for (const line of this.host.querySelectorAll('[data-at]')) line.classList.toggle('is-ahead', Number(line.dataset.at) > moment);
  }

  drawWay() {
    const track = this.day?.track ?? [];
    this.map.put('way', linesOf(track));
    if (!track.length) return;
    const lng = track.map(([, x]) => x), lat = track.map(([, , y]) => y);
    this.map.fit([Math.min(...lng), Math.min(...lat), Math.max(...lng), Math.max(...lat)], 90);
  }
}

/** Where the way was followed, as lines; a gap begins another. */
export function linesOf(track) {
  const lines = [];
  for (const [, lng, lat, joined] of track) {
    if (!joined || !lines.length) lines.push([]);
    lines.at(-1).push([lng, lat]);
  }
  return lines.filter((line) => line.length > 1).map((coordinates) => ({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } }));
}

const pointOf = (coordinates, properties) => ({ type: 'Feature', properties, geometry: { type: 'Point', coordinates } });

function spotsOf(day, moment) {
  const stops = day.stops.filter(({ from }) => from <= moment).map(({ at, from, to }) => pointOf(at, { kind: 'stop', minutes: Math.round((Math.min(to, moment) - from) / 60) }));
  const cases = day.cases.filter(({ when }) => when <= moment).map(({ id, at, found }) => pointOf(at, { kind: 'case', id, found }));
  return [...stops, ...cases];
}
