/* The live socket: it comes back by itself and says the last event it knows, so that no change is lost in a gap. It tells the server
   which cases this wall is about, hands on each case's rows in order, and all rows of one frame at once. */

import { SIGNED_OUT, signIn } from './session.mjs';
import { isBusy } from './pace.mjs';
import { writeWhere } from './where.mjs';

const SILENCE_MS = 20_000;
const TRIES_UNTIL_OFFLINE = 4;
const SLOWEST_MS = 8_000;
const FRAME_MS = 200;
const BUSY_ROWS = 12;
const CALM_MS = 4_000;

export class Live {
  constructor({ since, where, onMessage, onRows, onState }) {
    Object.assign(this, { since, where, onMessage, onRows, onState, tries: 0, handedAt: 0, rows: new Map() });
    addEventListener('offline', () => this.socket?.close());
    addEventListener('online', () => this.open());
    this.open();
  }

  open() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.retry);
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/live?since=${this.since}`));
    socket.onopen = () => {
      this.heard();
      this.ask();
    };
    socket.onmessage = (message) => {
      this.heard();
      this.receive(JSON.parse(message.data));
    };
    socket.onclose = ({ code }) => this.lost(socket, code);
  }

  /** Figures are wanted for these cases. */
  follow(where) {
    this.where = where;
    this.ask();
  }

  ask() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(writeWhere(this.where));
  }

  receive(message) {
    if (message.event) this.since = Math.max(this.since, message.event);
    if (message.kind === 'source') {
      this.tries = 0;
      this.heardAt = Date.now();
      this.onState(message.connected ? 'live' : 'source');
    } else if (message.kind === 'cases') this.gather(message.rows);
    else this.onMessage(message);
  }

  /* A case's newest row wins, whatever the order of arrival. In a city in uproar the picture changes five times a second: every change
     costs the whole screen a composition, and a machine that composes all the time hears the next message late. */
  gather(rows) {
    for (const row of rows) {
      const known = this.rows.get(row.id);
      if (!known || (row.seq ?? 0) >= (known.seq ?? 0)) this.rows.set(row.id, row);
    }
    this.frame ??= setTimeout(() => this.hand(), isBusy() ? Math.max(0, FRAME_MS - (performance.now() - this.handedAt)) : 0);
  }

  hand() {
    this.frame = null;
    this.handedAt = performance.now();
    const rows = [...this.rows.values()];
    this.rows.clear();
    if (rows.length > BUSY_ROWS) this.calm();
    this.onRows(rows);
  }

  /* A city in uproar: what moves for its own sake rests (wall.css), so that the map has the machine to itself. */
  calm() {
    const wall = document.querySelector('.wall');
    if (!wall) return;
    wall.dataset.calm = 'true';
    clearTimeout(this.calming);
    this.calming = setTimeout(() => delete wall.dataset.calm, CALM_MS);
  }

  heard() {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket.close(), SILENCE_MS);
  }

  lost(socket, code) {
    if (socket !== this.socket) return;
    if (code === SIGNED_OUT) return signIn();
    clearTimeout(this.silence);
    this.tries += 1;
    this.onState(this.tries >= TRIES_UNTIL_OFFLINE || !navigator.onLine ? 'offline' : 'reconnecting');
    this.retry = setTimeout(() => this.open(), Math.min(SLOWEST_MS, 400 * 2 ** this.tries));
  }
}
