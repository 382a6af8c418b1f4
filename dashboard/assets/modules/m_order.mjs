/** In which order tasks are done, how far they are, and how pressing. Pure. */

const EARTH_M = 6_371_008.8, HOUR_MS = 3_600_000;
const radians = (degrees) => degrees * Math.PI / 180;

/** Metres between two places (EPSG:4326) on a sphere; null where one is unknown. */
export function metresBetween(a, b) {
  if (a?.lng == null || b?.lng == null) return null;
  const half = Math.sin(radians(b.lat - a.lat) / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lng - a.lng) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/**
 * Tasks in the order chosen; whatever has no distance or no deadline comes last, equal ones by the other measure, then by id.
 * @param {{id: number, lng: number | null, lat: number | null, due_at: number | null, urgent: boolean}[]} tasks
 * @param {'due' | 'near'} by @param {{lng: number, lat: number} | null} here
 */
export function ordered(tasks, by, here) {
  const far = (task) => metresBetween(here, task) ?? Infinity, due = (task) => task.due_at ?? Infinity;
  const [first, second] = by === 'near' ? [far, due] : [due, far];
  const less = (a, b) => (a === b ? 0 : a - b);
  return [...tasks].sort((a, b) => less(first(a), first(b)) || less(second(a), second(b)) || a.id - b.id);
}

/** How pressing a deadline is: over, within the hour, soon, or not yet. @param {number | null} due @returns {'late' | 'hour' | 'soon' | 'calm' | 'none'} */
export function pressing(due, now) {
  if (due == null) return 'none';
  const left = due - now;
  return left <= 0 ? 'late' : left <= HOUR_MS ? 'hour' : left <= 4 * HOUR_MS ? 'soon' : 'calm';
}

/** Whether a place is worth telling: 30 seconds or 50 metres after the last one told. */
export function worthTelling(last, fix, everyMs = 30_000, everyM = 50) {
  if (!last) return true;
  const moved = metresBetween(last, fix) ?? 0;
  return fix.at - last.at >= everyMs || moved >= Math.max(everyM, fix.accuracy_m / 2);
}
