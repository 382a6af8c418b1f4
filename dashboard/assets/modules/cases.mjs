/* The cases on the map: the mass in vector tiles, what changed since they were loaded on a sheet above them.
   Now and then the tiles are asked anew behind the picture, and what they have learnt leaves the sheet. */

import { markOf, toneAt } from './case_marks.mjs';
import { isBusy, paced } from './pace.mjs';
import { isOverdue, tester, under } from './where.mjs';

const REFRESH_MS = 30_000;
const REFRESH_LEAST_MS = 20_000; // tiles asked anew cost a busy wall several pictures
const REFRESH_AT = 1_500;
const KEPT = 8_000;
const DONE_S = 86_400;
const HOUR_S = 3_600;
const SOURCES = ['cases', 'done', 'hexes'];
const MARKED = ['cases', 'done'];
const SETTLED_MS = 2_000;
const RETRY_MS = 3_000;
const HIDE_MS = { calm: 2_000, busy: 10_000 };
const CLOCK_MS = 10_000;
const LOOK_MS = 150;
const TONES = ['new', 'work', 'check', 'done'];
const FAR_FUTURE = 2 ** 31;

export class Cases {
  constructor(map, sheet, page, snapshot, where) {
    Object.assign(this, { map, sheet, page, fresh: new Map(), hidden: new Set(), changes: 0, refreshedAt: performance.now(), tilesAsOf: 0, stretch: null, span: null, linked: true });
    this.take(snapshot);
    this.marks = sheet.show((zoom, palette) => this.marksOf(this.fresh.values(), zoom, palette));
    this.drawSoon = paced(() => sheet.draw());
    this.setWhere(where, false);
    this.tick();
    map.on('error', (event) => this.failed(event));
    map.on('sourcedata', (event) => event.tile && SOURCES.includes(event.sourceId) && (this.tilesAsOf = page.now()));
    setInterval(() => this.tick(), CLOCK_MS);
  }

  /** The words behind codes, from a snapshot. */
  take(snapshot) {
    this.states = snapshot.states;
    this.matters = snapshot.matters;
    this.channelIndex = new Map(Object.keys(snapshot.channels).map((code, index) => [code, index]));
    this.majors = snapshot.matter_majors ?? {};
  }

  /** Show only these cases. The tiles are asked for them; until they come the old ones stand. */
  setWhere(where, reload = true) {
    this.where = where;
    this.matches = tester(where, (matter) => this.majors[matter], () => this.page.now());
    for (const entry of this.fresh.values()) entry.fits = this.matches(entry.row);
    this.sheet.soon();
    if (reload) this.refresh();
  }

  /** The stretch of time that the map shows, in Unix seconds, as it was at the stretch's end; null: all, now. */
  setStretch(stretch) {
    this.stretch = stretch;
    const minutes = (seconds) => Math.floor(seconds / 60);
    this.map.setGlobalStateProperty('past', stretch ? 1 : 0);
    this.map.setGlobalStateProperty('from', stretch ? minutes(stretch.from) : 0);
    this.map.setGlobalStateProperty('to', stretch ? minutes(stretch.to) : FAR_FUTURE);
    this.tick();
    if (this.span && this.map.isSourceLoaded('hexes')) this.map.getSource('hexes').setTiles([tileAddresses(this.where, this.page.now(), stretch).hexes]);
  }

  /** Playback: the tiles hold all cases of a span, the map shows a stretch of it after the other; null ends it. */
  hold(span) {
    this.span = span;
    if (span) this.refresh();
  }

  tick() {
    this.map.setGlobalStateProperty('now', this.minute());
    this.hideLater();
    this.sheet.soon();
    if (!this.span && this.fresh.size && performance.now() - this.refreshedAt > REFRESH_MS) this.refresh();
  }

  /** The minute that the map shows, in Unix minutes. */
  minute() {
    const now = Math.floor(this.page.now() / 60);
    return this.stretch ? Math.min(now, Math.floor(this.stretch.to / 60)) : now;
  }

  /** Rows of a live message. Returns those that are new to the city. */
  patch(rows) {
    const [arrived, changed] = [[], []];
    for (const row of rows) {
      const known = this.fresh.get(row.id)?.row;
      if (!row.at || (known && (known.seq ?? 0) > (row.seq ?? 0))) continue;
      if (!known && row.updated - row.reported < 120) arrived.push(row);
      this.fresh.delete(row.id);
      changed.push({ row, properties: this.properties(row), fits: this.matches(row), change: (this.changes += 1), since: performance.now() });
      this.fresh.set(row.id, changed.at(-1));
    }
    if (this.fresh.size > KEPT) for (const id of [...this.fresh.keys()].slice(0, this.fresh.size - KEPT)) this.drop(id);
    this.hideLater();
    this.sheet.add(this.marks, (zoom, palette) => this.marksOf(changed, zoom, palette));
    this.drawSoon();
    if (!this.span && this.fresh.size > REFRESH_AT && performance.now() - this.refreshedAt > REFRESH_LEAST_MS) this.refresh();
    return arrived.filter((row) => this.matches(row));
  }

  /* What the sheet shows: what fits and, while the map shows an earlier moment, was already so then. */
  * marksOf(entries, zoom, palette) {
    const minute = this.minute();
    for (const entry of entries) {
      if (entry.fits && this.isSo(entry)) yield { at: entry.row.at, entry, ...markOf(entry.properties, minute, zoom, palette) };
    }
  }

  /** How strongly marks of changes are drawn; 0: not at all. */
  setStrength(strength) {
    this.marks.strength = strength;
    this.sheet.soon();
  }

  /** Whether the map shows an earlier moment: what is known only of now is not shown then. */
  isPast() {
    return Boolean(this.stretch) && this.stretch.to <= this.page.now();
  }

  isSo({ row }) {
    return !this.stretch || (row.updated <= this.stretch.to && row.reported >= this.stretch.from && row.reported < this.stretch.to);
  }

  /* What has changed hides its old mark in the tiles. The new one already lies above it, so that this need not be at once: it draws the map anew. */
  hideLater() {
    this.hiding ??= setTimeout(() => {
      this.hiding = null;
      for (const [id, entry] of this.fresh) {
        const stale = this.isSo(entry) && entry.row.reported < this.tilesAsOf;
        if (stale !== this.hidden.has(id)) this.hide(id, stale);
      }
    }, HIDE_MS[isBusy() ? 'busy' : 'calm']);
  }

  hide(id, stale) {
    this.hidden[stale ? 'add' : 'delete'](id);
    for (const source of MARKED) this.map.setFeatureState({ source, sourceLayer: 'case', id }, { stale });
  }

  drop(id) {
    this.fresh.delete(id);
    if (!this.hidden.delete(id)) return;
    for (const source of MARKED) this.map.removeFeatureState({ source, sourceLayer: 'case', id });
  }

  /** The mark of a change at a point, as the map tells of its own marks; undefined where there is none. */
  markAt(point, reach) {
    const entry = this.sheet.at(point, reach);
    return entry && { source: 'fresh', id: entry.row.id, properties: entry.properties, geometry: { type: 'Point', coordinates: entry.row.at } };
  }

  /* As tiles say it. */
  properties(row) {
    const minutes = (seconds) => (seconds ? Math.floor(seconds / 60) : 0);
    return { s: row.state, t: TONES.indexOf(this.tone(row)), u: row.urgent ? 1 : 0, r: minutes(row.reported), d: minutes(row.due), c: row.closed ? 1 : 0,
      e: minutes(row.closed), m: row.matter_id, h: this.channelIndex.get(row.channel), w: minutes(row.updated) };
  }

  /** The tone of a mark at the moment that the map shows, and which that is, in Unix seconds. */
  standing(properties) {
    return { at: this.stretch ? this.minute() * 60 : this.page.now(), tone: TONES[toneAt(properties, this.minute())] };
  }

  /** A state by what a tile says: its code, or its place in the list of states. */
  stateOf(state) {
    return this.states[state] ?? Object.values(this.states)[state];
  }

  tone(row) {
    return this.states[row.state]?.tone ?? 'new';
  }

  isOverdue(row) {
    return isOverdue(row, this.page.now());
  }

  /** Whether the server is there. Without it no tile is asked for: one that fails would take the old picture with it. */
  setLink(linked) {
    const missed = linked && !this.linked && this.wanted;
    this.linked = linked;
    if (missed) this.refresh();
  }

  /** Ask the tiles anew behind the picture; what they then contain leaves the sheet. */
  async refresh() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const there = this.linked && (await fetch('/api/health').then((answer) => answer.ok, () => false));
    this.wanted = !there;
    if (!there || turn !== this.turn) return;
    this.refreshedAt = performance.now();
    this.lost = false;
    const upTo = this.changes;
    const settled = performance.now() - SETTLED_MS;
    const addresses = tileAddresses(this.where, this.page.now(), this.span);
    for (const source of SOURCES) this.map.getSource(source).setTiles([addresses[source]]);
    await this.loaded();
    if (turn !== this.turn || this.lost) return;
    for (const [id, entry] of this.fresh) if (entry.change <= upTo && entry.since < settled) this.drop(id);
    this.sheet.soon();
  }

  /** When all sources show what they were last asked for, or have been asked for something else. (A tile that has not changed fires no event.) */
  loaded(turn = this.turn) {
    return new Promise((done) => {
      const look = () => (turn !== this.turn || SOURCES.every((source) => this.map.isSourceLoaded(source)) ? done() : setTimeout(look, LOOK_MS));
      setTimeout(look, LOOK_MS);
    });
  }

  /* A tile that could not be had, or a mirror that still fills: ask again, whatever the reason. */
  failed(event) {
    if (!SOURCES.includes(event.sourceId) || this.retry) return;
    this.lost = true;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.refresh();
    }, RETRY_MS);
  }
}

/** Where the tiles of each source are: open cases, those of the last day that are closed, and cells; or all of a stretch of time. */
export function tileAddresses(where, now, span = null) {
  const address = (more) => `${location.origin}${under('/tiles/cases/{z}/{x}/{y}.mvt', { ...where, ...more })}`;
  const stretch = span && { from: String(Math.floor(span.from)), to: String(Math.floor(span.to)) };
  if (stretch || where.from || where.to) return { cases: address(stretch), done: address(stretch), hexes: address(stretch) };
  const open = address({ open: '1' });
  const done = address({ open: '0', from: String(Math.floor((now - DONE_S) / HOUR_S) * HOUR_S) });
  return { cases: where.open === '0' ? done : open, done: where.open === '1' ? open : done, hexes: address() };
}
