/** Where the phone is: asked once, or followed while somebody is on duty. WGS 84. */

const PATIENCE_MS = 15_000, FRESH_MS = 15_000;
/** @typedef {{lng: number, lat: number, accuracy_m: number, at: number}} Fix */

/** @type {Fix | null} */
let last = null;
const listeners = new Set();
let watching = null;

/** The last place known, or null. */
export const here = () => last;
/** Be told of every new place. @param {(fix: Fix) => void} act */
export const onMove = (act) => listeners.add(act);

const fixOf = ({ coords, timestamp }) => ({ lng: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy), at: timestamp });
const take = (position) => { last = fixOf(position); listeners.forEach((act) => act(last)); return last; };

/** Ask for the place now. @param {number} [age] how old it may be, ms @returns {Promise<Fix>} fails with `{code: 1}` when the person forbids it, 2 or 3 when none is found */
export const locate = (age = FRESH_MS) => new Promise((done, fail) => {
  if (!navigator.geolocation) { fail({ code: 2 }); return; }
  navigator.geolocation.getCurrentPosition((position) => done(take(position)), fail, { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: age });
});

/** Follow the phone, or stop. @param {boolean} on */
export function follow(on) {
  if (on === (watching !== null) || !navigator.geolocation) return;
  if (on) watching = navigator.geolocation.watchPosition(take, () => {}, { enableHighAccuracy: true, maximumAge: FRESH_MS });
  else { navigator.geolocation.clearWatch(watching); watching = null; }
}

/** Look once without asking: only where the person has allowed it before. */
export async function glance() {
  try {
    const allowed = await navigator.permissions.query({ name: 'geolocation' });
    if (allowed.state === 'granted') await locate();
  } catch { /* not known where we are: lists go by deadline */ }
}
