/* The cases on the map: the mass in vector tiles, what changed since they were loaded in a small overlay above them.
   Now and then the tiles are asked anew behind the picture, and what they have learnt leaves the overlay. */

import { isOverdue, tester, under } from './where.mjs';

const REFRESH_MS = 30_000;
const REFRESH_LEAST_MS = 4_000;
const REFRESH_AT = 1_000;
const KEPT = 5_000;
const DONE_S = 86_400;
const HOUR_S = 3_600;
const SOURCES = ['cases', 'done', 'hexes'];
const SETTLED_MS = 2_000;
const RETRY_MS = 3_000;
const FRAME_LONGEST_MS = 100;
const CLOCK_MS = 10_000;
const LOOK_MS = 150;
const TONES = ['new', 'work', 'check', 'done'];
const FAR_FUTURE = 2 ** 31;

export class Cases {
  constructor(map, page, snapshot, where) {
    Object.assign(this, { map, page, fresh: new Map(), pending: new Map(), changes: 0, refreshedAt: performance.now(), stretch: null, span: null, linked: true });
    this.take(snapshot);
    this.setWhere(where, false);
    this.tick();
    map.on('error', (event) => this.failed(event));
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
    for (const entry of this.fresh.values()) this.draw(entry);
    this.flush();
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
    const now = Math.floor(this.page.now() / 60);
    this.map.setGlobalStateProperty('now', this.stretch ? Math.min(now, Math.floor(this.stretch.to / 60)) : now);
    if (this.fresh.size && performance.now() - this.refreshedAt > REFRESH_MS) this.refresh();
  }

  /** Rows of a live message. Returns those that are new to the city. */
  patch(rows) {
    const arrived = [];
    for (const row of rows) {
      const known = this.fresh.get(row.id)?.row;
      if (!row.at || (known && (known.seq ?? 0) > (row.seq ?? 0))) continue;
      if (!known && row.updated - row.reported < 120) arrived.push(row);
      const entry = { row, change: (this.changes += 1), since: performance.now() };
      this.fresh.delete(row.id);
      this.fresh.set(row.id, entry);
      this.draw(entry);
    }
    for (const id of [...this.fresh.keys()].slice(0, Math.max(0, this.fresh.size - KEPT))) this.drop(id);
    this.flush();
    if (this.fresh.size > REFRESH_AT && performance.now() - this.refreshedAt > REFRESH_LEAST_MS) this.refresh();
    return arrived.filter((row) => this.matches(row));
  }

  draw(entry) {
    for (const source of ['cases', 'done']) this.map.setFeatureState({ source, sourceLayer: 'case', id: entry.row.id }, { stale: true });
    this.pending.set(entry.row.id, this.matches(entry.row) ? this.feature(entry.row) : null);
  }

  drop(id) {
    this.fresh.delete(id);
    this.pending.set(id, null);
    for (const source of ['cases', 'done']) this.map.removeFeatureState({ source, sourceLayer: 'case', id });
  }

  feature(row) {
    const minutes = (seconds) => (seconds ? Math.floor(seconds / 60) : 0);
    const properties = { s: row.state, t: TONES.indexOf(this.tone(row)), u: row.urgent ? 1 : 0, r: minutes(row.reported), d: minutes(row.due), c: row.closed ? 1 : 0,
      e: minutes(row.closed), m: row.matter_id, h: this.channelIndex.get(row.channel), k: minutes(row.updated) };
    return { type: 'Feature', id: row.id, geometry: { type: 'Point', coordinates: row.at }, properties };
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

  /* One update at a time, and not many a frame; what arrives meanwhile is gathered into the next. */
  async flush() {
    if (this.busy || !this.pending.size) return;
    this.busy = true;
    const changes = [...this.pending];
    this.pending.clear();
    const add = changes.filter(([, feature]) => feature).map(([, feature]) => feature);
    const remove = changes.filter(([, feature]) => !feature).map(([id]) => id);
    await this.map.getSource('fresh').updateData({ add, remove });
    await this.drawn();
    this.busy = false;
    this.flush();
  }

  /** Whether the server is there. Without it no tile is asked for: one that fails would take the old picture with it. */
  setLink(linked) {
    const missed = linked && !this.linked && this.wanted;
    this.linked = linked;
    if (missed) this.refresh();
  }

  /* Until the next frame is drawn, or a little later: a slow screen must not wait two frames, an unseen page draws none. */
  drawn() {
    return new Promise((done) => {
      const end = () => {
        clearTimeout(timer);
        this.map.off('render', end);
        done();
      };
      const timer = setTimeout(end, FRAME_LONGEST_MS);
      this.map.on('render', end);
    });
  }

  /** Ask the tiles anew behind the picture; what they then contain leaves the overlay. */
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
    this.flush();
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
