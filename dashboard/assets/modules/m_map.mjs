/** The map, which comes only when it is needed: a light drawing of our own streets. A place is chosen under the pin, or shown. */
import { button, distance, make, openSheet, pick, say } from './m_dom.mjs';
import { here, locate, onMove } from './m_here.mjs';
import { metresBetween } from './m_order.mjs';
import { ask } from './m_send.mjs';
import { state } from './m_state.mjs';
import { Sketch } from './sketch.mjs';

const NEAR = 2, WIDE = 0.5, PAUSE_MS = 350;
const read = async (address) => {
  const answer = await ask(address, { method: 'GET' });
  if (answer?.status !== 200) throw new Error(address);
  return answer.body;
};

function openMap(title, pin) {
  const sheet = openSheet(title), canvas = make('canvas', { class: 'map', tabindex: 0, role: 'application', 'aria-label': say('map.label') });
  sheet.dialog.classList.add('with-map');
  const sketch = new Sketch(canvas, read, { pin, sheets: '/api/m/sheets' });
  const zoom = (steps, sign, words) => make('button', { type: 'button', 'aria-label': say(words), onclick: () => sketch.zoomBy(steps) }, sign);
  const told = make('p', { class: 'map-told', role: 'status' });
  sheet.body.append(make('div', { class: 'map-box' }, canvas, make('div', { class: 'map-zoom' }, zoom(0.7, '+', 'map.nearer'), zoom(-0.7, '−', 'map.wider'))), told);
  return { sheet, sketch, told };
}

/** What lies at a place, in words; empty without a network. */
export async function nameOf({ lng, lat }) {
  const answer = await ask(`/api/m/place?lng=${lng}&lat=${lat}`, { method: 'GET' });
  if (answer?.status !== 200) return { words: '', address: null };
  const { address, area, cell } = answer.body;
  return { address, words: [address, area, cell ? say('cell', { code: cell }) : null].filter(Boolean).join(' · ') };
}

/**
 * Let a place be chosen. @param {{lng?: number | null, lat?: number | null, accuracy_m?: number} | null} from
 * @returns {Promise<{lng: number, lat: number, accuracy_m: number, from: 'gps' | 'map'} | null>}
 */
export function pickPlace(from) {
  return new Promise((done) => {
    const { sheet, sketch, told } = openMap(say('map.pick'), true);
    const start = from?.lng != null ? from : here() ?? middle(state.data?.city);
    let chosen = null, timer = null, source = 'map', accuracy = 15;
    sheet.dialog.addEventListener('close', () => done(chosen));
    const name = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => { const [lng, lat] = sketch.centre; told.textContent = (await nameOf({ lng, lat })).words || say('map.unnamed'); }, PAUSE_MS);
    };
    const ring = (fix) => { sketch.show({ lng: fix.lng, lat: fix.lat, metres: fix.accuracy_m }); };
    sketch.addEventListener('moved', () => { source = 'map'; accuracy = 15; name(); });
    if (start) sketch.look(start.lng, start.lat, from?.lng != null || here() ? NEAR : WIDE);
    if (here()) ring(here());
    name();
    const findMe = async () => {
      told.textContent = say('here.looking');
      try { const fix = await locate(); sketch.look(fix.lng, fix.lat, NEAR); ring(fix); source = 'gps'; accuracy = fix.accuracy_m; name(); } catch { told.textContent = say('place.none'); }
    };
    sheet.foot.append(button('second', say('map.me'), findMe), button('main', say('map.here'), () => {
      const [lng, lat] = sketch.centre;
      chosen = { lng, lat, accuracy_m: accuracy, from: source };
      sheet.close();
    }, { 'data-submit': 'place' }));
  });
}

/** Show where a case is, and where the phone is. */
export function showPlace(found) {
  const { sheet, sketch, told } = openMap(found.address ?? pick(found.matter), false);
  const draw = () => {
    sketch.mark([{ lng: found.lng, lat: found.lat, ink: 'pin' }]);
    if (here()) sketch.show({ lng: here().lng, lat: here().lat, metres: here().accuracy_m });
    told.textContent = here() ? say('map.far', { distance: distance(metresBetween(here(), found)) }) : found.address ?? '';
  };
  sketch.look(found.lng, found.lat, NEAR);
  onMove(draw);
  draw();
  void locate().catch(() => {});
  sheet.foot.append(button('second', say('map.case'), () => sketch.look(found.lng, found.lat, NEAR)), button('second', say('map.me'), async () => { try { const fix = await locate(); sketch.look(fix.lng, fix.lat, NEAR); } catch { told.textContent = say('place.none'); } }));
}

const middle = (box) => (box ? { lng: (box[0] + box[2]) / 2, lat: (box[1] + box[3]) / 2 } : null);
