/* The live socket: it comes back by itself and says the last event it knows, so that no change is lost in a gap. */

const SILENCE_MS = 20_000;
const TRIES_UNTIL_OFFLINE = 4;

export class Live {
  constructor({ since, onMessage, onState }) {
    Object.assign(this, { since, onMessage, onState, tries: 0 });
    addEventListener('offline', () => this.socket?.close());
    addEventListener('online', () => this.open());
    this.open();
  }

  open() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.retry);
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/live?since=${this.since}`));
    socket.onopen = () => this.heard();
    socket.onmessage = (message) => {
      this.heard();
      this.receive(JSON.parse(message.data));
    };
    socket.onclose = () => this.lost(socket);
  }

  receive(message) {
    if (message.event) this.since = message.event;
    if (message.kind === 'source') {
      this.tries = 0;
      this.onState(message.connected ? 'live' : 'source');
    } else {
      this.onMessage(message);
    }
  }

  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket.close(), SILENCE_MS);
  }

  lost(socket) {
    if (socket !== this.socket) return;
    clearTimeout(this.silence);
    this.tries += 1;
    this.onState(this.tries >= TRIES_UNTIL_OFFLINE || !navigator.onLine ? 'offline' : 'reconnecting');
    this.retry = setTimeout(() => this.open(), Math.min(8000, 400 * 2 ** this.tries));
  }
}
