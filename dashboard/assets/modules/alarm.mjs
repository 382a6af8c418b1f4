/* The alarm: urgent and freshly overdue cases that nobody has acknowledged yet. A banner, rings on the map, a sound if wanted;
   one acknowledgement silences every wall. */

import { between } from './case_marks.mjs';
import { paced } from './pace.mjs';
import { element, setText, slot } from './page.mjs';
import { post } from './post.mjs';

const SHOWN = 8;
const RINGS = [9, 6, 13, 10, 16, 18]; // radius by zoom
const ACKNOWLEDGED_MS = 8_000;
const DRAW_MS = 30_000;
const SOUNDS_S = { urgent: 86_400, overdue: 3_600 };

export class Alarm {
  constructor(cases, page, snapshot, { sound, onSelect, onChange }) {
    Object.assign(this, { cases, page, sound, onSelect, onChange, byId: new Map(), states: snapshot.states });
    slot('alarm').addEventListener('click', (event) => this.clicked(event));
    slot('alarm-sound').addEventListener('click', () => this.setSound(!this.sound));
    slot('alarm-open').addEventListener('click', () => this.open(slot('alarm').dataset.open !== 'true'));
    cases.sheet.show((zoom, palette) => this.rings(zoom, palette));
    this.drawSoon = paced(() => this.drawRaised());
    this.setSound(sound, false);
    this.take(snapshot.alarms ?? []);
    setInterval(() => this.draw(), DRAW_MS);
  }

  /** All open alarms anew. */
  take(alarms) {
    this.byId = new Map(alarms.map((row) => [row.id, row]));
    this.draw();
  }

  /** A new alarm; those of one frame are drawn, and sound, as one. */
  raise(row) {
    this.sounds ||= !this.byId.has(row.id);
    this.byId.set(row.id, row);
    this.drawSoon();
  }

  drawRaised() {
    this.draw();
    if (this.sounds) this.ring();
    this.sounds = false;
  }

  /** Live rows: what is closed alarms no more. */
  patch(rows) {
    const touched = rows.filter((row) => this.byId.has(row.id));
    for (const row of touched) row.closed ? this.byId.delete(row.id) : this.byId.set(row.id, { ...this.byId.get(row.id), ...row });
    if (touched.length) this.drawSoon();
  }

  /** Somebody, on whatever wall, has acknowledged a case. */
  acknowledged({ case: id, by }) {
    const row = this.byId.get(id);
    if (!row) return;
    this.byId.delete(id);
    this.draw();
    setText(slot('alarm-said'), this.page.say('alarm.acknowledged', { by: by || this.page.say('alarm.someone'), case: this.titleOf(row) }));
    clearTimeout(this.saying);
    this.saying = setTimeout(() => setText(slot('alarm-said'), ''), ACKNOWLEDGED_MS);
  }

  rows() {
    return [...this.byId.values()].sort((a, b) => Number(b.urgent) - Number(a.urgent) || (a.due ?? Infinity) - (b.due ?? Infinity) || a.id - b.id);
  }

  draw() {
    for (const [id, row] of this.byId) if (this.page.now() - row.since > SOUNDS_S[row.cause]) this.byId.delete(id);
    const rows = this.rows();
    slot('alarm').hidden = rows.length === 0;
    slot('alarm').dataset.urgent = String(rows.some((row) => row.urgent));
    setText(slot('alarm-count'), this.page.number.format(rows.length));
    slot('alarm-open').hidden = rows.length < 2;
    slot('alarm-list').replaceChildren(...rows.slice(0, SHOWN).map((row) => this.line(row)));
    setText(slot('alarm-more'), rows.length > SHOWN ? this.page.say('alarm.more', { n: rows.length - SHOWN }) : '');
    this.cases.sheet.soon();
  }

  /* A ring around each on the map. */
  * rings(zoom, { overdue, urgent }) {
    if (this.cases.isPast()) return;
    const radius = between(RINGS, zoom);
    for (const { at, urgent: pressing } of this.byId.values()) {
      if (at) yield { at, rank: pressing ? 1 : 0, discs: [{ radius, opacity: 0, edge: pressing ? urgent : overdue, width: 1.4, edgeOpacity: 0.9 }] };
    }
  }

  line(row) {
    const item = element('li', `alarm-row${row.urgent ? ' is-urgent' : ''}`);
    item.dataset.case = row.id;
    const what = element('button', 'alarm-what');
    what.type = 'button';
    const where = [this.page.place(row), row.team].filter(Boolean).join(' · ');
    const left = this.page.left(row);
    what.append(element('b', '', this.titleOf(row)), element('span', 'alarm-where', where), element('span', `alarm-left${left?.overdue ? ' is-overdue' : ''}`, left?.text ?? ''));
    const button = element('button', 'alarm-acknowledge', this.page.say('alarm.acknowledge'));
    button.type = 'button';
    item.append(element('span', `mark mark-${row.urgent ? 'urgent' : 'overdue'}`), what, button);
    return item;
  }

  /** All of them, or the first alone. */
  open(open) {
    slot('alarm').dataset.open = String(open);
    slot('alarm-open').setAttribute('aria-expanded', String(open));
  }

  titleOf(row) {
    return this.page.pick(row.matter) || row.title;
  }

  clicked(event) {
    const id = Number(event.target.closest('[data-case]')?.dataset.case);
    if (!id) return;
    if (event.target.closest('.alarm-acknowledge')) this.acknowledge(id, event.target);
    else this.onSelect(id);
  }

  async acknowledge(id, button) {
    button.disabled = true;
    const answer = await post(`/api/wall/alarms/${id}/acknowledge`).catch(() => null);
    if (answer?.ok) this.acknowledged({ case: id, by: (await answer.json()).acknowledged[0]?.by });
    else Object.assign(button, { disabled: false, textContent: this.page.say('alarm.again') });
  }

  /** Acknowledge the first one: the key. */
  first() {
    slot('alarm-list').querySelector('.alarm-acknowledge')?.click();
  }

  setSound(on, tell = true) {
    this.sound = on;
    slot('alarm-sound').setAttribute('aria-pressed', String(on));
    if (tell) this.onChange();
    if (on && tell) this.ring();
  }

  /* Two soft notes. The browser lets them sound only after somebody has touched the page. */
  ring() {
    slot('alarm').classList.remove('is-ringing');
    void slot('alarm').offsetWidth;
    slot('alarm').classList.add('is-ringing');
    if (!this.sound) return;
    this.audio ??= new AudioContext();
    [0, 0.22].forEach((after, index) => {
      const [note, gain] = [this.audio.createOscillator(), this.audio.createGain()];
      const at = this.audio.currentTime + after;
      note.frequency.value = [660, 880][index];
      gain.gain.setValueAtTime(0.0001, at);
      gain.gain.exponentialRampToValueAtTime(0.16, at + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
      note.connect(gain).connect(this.audio.destination);
      note.start(at);
      note.stop(at + 0.22);
    });
  }
}
