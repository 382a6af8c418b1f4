/* The mark of a case as discs on a canvas: what case_style.mjs says to the map, said again in numbers (a test holds the two together). */

import { AGE, GROWTH, HANDOVER, PRESSING_MIN, SIZES } from './case_scale.mjs';

const CLOSED_FROM = 13;

/** Between stops `[at, value, at, value, …]`, straight; level beyond both ends. */
export function between(stops, at) {
  if (at <= stops[0]) return stops[1];
  for (let k = 2; k < stops.length; k += 2) {
    if (at < stops[k]) return stops[k - 1] + ((at - stops[k - 2]) / (stops[k] - stops[k - 2])) * (stops[k + 1] - stops[k - 1]);
  }
  return stops.at(-1);
}

/** What is so of a case at a minute. `p`: its properties as a tile has them. */
function standing({ c, e, d, u }, now) {
  return { closed: c === 1 && e <= now, overdue: d > 0 && d < now, pressing: d > 0 && d >= now && d < now + PRESSING_MIN, urgent: u === 1 };
}

/** A case's tone at a minute, as case_style.mjs has it: its place in `new, work, check, done`. */
export function toneAt({ c, e, t, r, k, a, p }, now) {
  const since = (minutes) => minutes !== undefined && r + minutes <= now;
  if (c === 1 && e <= now) return 3;
  if ((c === 0 && k === undefined) || since(k)) return t;
  return since(a) ? 2 : since(p) ? 1 : 0;
}

/**
 * The discs of a mark, the lowest first: `{radius, blur, colour, opacity, edge, width, edgeOpacity}` in pixels of the map; and its rank among marks.
 * @param p properties as a tile has them, and `w`: the minute of its last change
 * @param now Unix minutes @param zoom the map's @param palette of palette.mjs
 */
export function markOf(p, now, zoom, palette) {
  const is = standing(p, now);
  const discs = [...spark(p, is, now, zoom, palette), ...(is.closed ? closedMark(zoom, palette) : openMark(p, is, now, zoom, palette))];
  return { discs: discs.filter(({ opacity, edgeOpacity }) => opacity > 0 || edgeOpacity > 0), rank: (is.overdue ? 2 : 0) + (is.urgent ? 4 : 0) };
}

const tonedOf = (p, { tone }) => [tone.new, tone.work, tone.check][p.t] ?? tone.done;
const sized = (zoom, scale) => between(SIZES, zoom) * scale;
const coming = (zoom) => between([HANDOVER[0], 0, HANDOVER[1], 1], zoom);

/* Farther out than marks: what has just changed is a spark over its cell until the cell counts it. */
function spark(p, is, now, zoom, palette) {
  if (zoom >= HANDOVER[1]) return [];
  const opacity = between([0, 0.95, 3, 0], now - p.w) * (1 - coming(zoom));
  const colour = is.closed ? palette.tone.done : is.overdue ? palette.overdue : tonedOf(p, palette);
  return [{ radius: is.urgent ? 4 : 2.6, colour, opacity, edge: palette.ground.halo, width: 1, edgeOpacity: opacity }];
}

function closedMark(zoom, { ground, tone }) {
  if (zoom < CLOSED_FROM) return [];
  return [{ radius: sized(zoom, 0.72), colour: ground.land, opacity: 0.45, edge: tone.done, width: 1, edgeOpacity: 0.75 }];
}

function openMark(p, is, now, zoom, palette) {
  if (zoom < HANDOVER[0]) return [];
  const { ground, overdue, urgent, tone } = palette;
  const age = Math.max(0, now - p.r);
  const here = coming(zoom);
  const strength = here * (is.overdue ? 1 : between(AGE, age));
  const growth = between(GROWTH, age) * (is.overdue || is.pressing ? 1.12 : 1);
  const discs = [{ radius: sized(zoom, growth), colour: is.overdue ? overdue : tonedOf(p, palette), opacity: strength, edge: ground.halo, width: 1, edgeOpacity: strength }];
  if (is.overdue || is.urgent) discs.unshift({ radius: sized(zoom, 2.5), blur: 1, colour: is.overdue ? overdue : urgent, opacity: 0.3 * here });
  if (is.overdue || is.urgent || is.pressing) {
    const edge = is.urgent ? urgent : is.overdue ? overdue : tone.new;
    discs.push({ radius: sized(zoom, 1.75), opacity: 0, edge, width: is.urgent ? 1.6 : is.overdue ? 1.3 : 0.8, edgeOpacity: 0.95 * here });
  }
  return discs;
}
