/** Where it is: the phone's own place with its accuracy, or the map under the pin. WGS 84. */
import { find, say } from './page.mjs';

const FAR_M = 150, PATIENCE_MS = 12_000;

/** @typedef {{lng: number|null, lat: number|null, accuracy_m: number|null, source: 'gps'|'map'|'address'}} Place */

/**
 * @param {import('./sketch.mjs').Sketch} sketch
 * @param {{west: number, south: number, east: number, north: number}} city
 * @param {() => void} changed
 */
export function choosePlace(sketch, city, changed) {
  const told = find('#place-told');
  /** @type {Place} */
  let place = { lng: null, lat: null, accuracy_m: null, source: 'address' };
  const set = (next, text) => { place = next; told.textContent = text; changed(); };
  const outside = (lng, lat) => lng < city.west || lng > city.east || lat < city.south || lat > city.north;

  const onMap = () => {
    const [lng, lat] = sketch.centre;
    if (outside(lng, lat)) set({ lng: null, lat: null, accuracy_m: null, source: 'address' }, say('place.outside'));
    else set({ lng, lat, accuracy_m: Math.round(12 / sketch.scale / 2.5), source: 'map' }, say('place.map'));
  };
  const onFix = ({ coords }) => {
    const { longitude: lng, latitude: lat, accuracy } = coords, metres = Math.round(accuracy);
    if (outside(lng, lat)) { told.textContent = say('place.outside'); return; }
    sketch.look(lng, lat, metres < 40 ? 2.5 : 1.5);
    sketch.show({ lng, lat, metres });
    set({ lng, lat, accuracy_m: metres, source: 'gps' }, say(metres > FAR_M ? 'place.rough' : 'place.gps', { metres }));
  };
  const onTrouble = ({ code }) => { told.textContent = say(code === 1 ? 'place.denied' : 'place.none'); };

  sketch.addEventListener('moved', onMap);
  find('#locate').addEventListener('click', () => {
    if (!navigator.geolocation) { onTrouble({ code: 2 }); return; }
    told.textContent = say('place.looking');
    navigator.geolocation.getCurrentPosition(onFix, onTrouble, { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 10_000 });
  });
  find('#nearer').addEventListener('click', () => sketch.zoomBy(0.5));
  find('#wider').addEventListener('click', () => sketch.zoomBy(-0.5));
  return {
    /** @returns {Place} */
    get place() { return place; },
    /** Take up a kept place. @param {Place} kept */
    restore(kept) {
      if (kept?.lng == null) return;
      sketch.look(kept.lng, kept.lat, 2);
      set(kept, say(kept.source === 'gps' ? 'place.gps' : 'place.map', { metres: kept.accuracy_m ?? 0 }));
    },
  };
}
