/** Duty: on and off with a touch; the place is shared only between the two, seldom, and never while off. */
import { find, say, toast } from './m_dom.mjs';
import { follow, locate, onMove } from './m_here.mjs';
import { worthTelling } from './m_order.mjs';
import { ask } from './m_send.mjs';
import { onState, pending, refresh, send, state } from './m_state.mjs';

const LOOK_MS = 60_000, MOST = 300;
let told = null, waiting = [], was = 'off';

/** 'on', 'off', or what was asked for and is not yet known to the server: 'going' on, 'leaving'. */
export function dutyState() {
  const asked = pending('duty').at(-1);
  if (asked) return asked.body.on ? 'going' : 'leaving';
  return state.data?.duty && state.data.duty.until > Date.now() + state.skew ? 'on' : 'off';
}

/** Begin or end. */
export async function toggleDuty() {
  const on = ['off', 'leaving'].includes(dutyState());
  if (!on) { follow(false); await tellServer(); waiting = []; }
  await send({ kind: 'duty', about: 'duty', title: say(on ? 'duty.begin' : 'duty.end'), body: { on } });
  if (on) { try { await locate(); } catch (trouble) { toast(say(trouble.code === 1 ? 'duty.denied' : 'place.none'), 'bad'); } }
}

function show() {
  const pill = find('#duty'), now = dutyState();
  pill.hidden = !state.data;
  pill.dataset.duty = now;
  pill.setAttribute('aria-pressed', String(now === 'on' || now === 'going'));
  pill.textContent = say(`duty.${now}`);
  follow(now === 'on');
  if (now === 'on' && was !== 'on') { told = null; locate(0).catch(() => {}); }
  was = now;
}

function take(fix) {
  if (dutyState() !== 'on' || fix.at + state.skew < state.data.duty.since || !worthTelling(told, fix)) return;
  told = fix;
  waiting = [...waiting, { lng: fix.lng, lat: fix.lat, accuracy_m: fix.accuracy_m, at: fix.at }].slice(-MOST);
  void tellServer();
}

async function tellServer() {
  if (!waiting.length) return;
  const sending = waiting, answer = await ask('/api/m/positions', { body: JSON.stringify({ sent: Date.now(), fixes: sending }) });
  if (answer === null || answer.status >= 500) return;
  waiting = waiting.filter((fix) => !sending.includes(fix));
  if (answer.status === 409) { follow(false); void refresh(); }
}

onState(show);
onMove(take);
setInterval(() => { if (dutyState() === 'on' && !document.hidden) locate().catch(() => {}); }, LOOK_MS);
