/* Near: every case a mark. Colour says its state, the ring its urgency, size and strength its age and the minutes left.
   Whether it is overdue or closed is worked out on the map, against the clock in the map's state: nothing is sent anew as time passes,
   and a clock set back shows the city as it was. */

import { FONT } from './base_style.mjs';
import { AGE, GROWTH, HANDOVER, PRESSING_MIN, SIZES } from './case_scale.mjs';
import { paletteOf } from './palette.mjs';

const [get, state] = [(name) => ['get', name], (name) => ['number', ['global-state', name], 0]];
const now = state('now');

/** What the map holds besides data: its clock, whether it shows a stretch of time, and which; in Unix minutes. */
export const MAP_STATE = { now: { default: 0 }, past: { default: 0 }, from: { default: 0 }, to: { default: 2 ** 31 } };

/** Whether the map shows an earlier moment: its stretch of time has ended. What is known only of now is not shown then. */
export const PASSED = ['<=', state('to'), now];

export const CASE = {
  closed: ['all', ['==', get('c'), 1], ['<=', get('e'), now]],
  due: ['>', get('d'), 0],
  shown: ['all', ['>=', get('r'), state('from')], ['<', get('r'), state('to')]],
};
CASE.open = ['!', CASE.closed];
CASE.overdue = ['all', CASE.due, ['<', get('d'), now]];
CASE.pressing = ['all', CASE.due, ['>=', get('d'), now], ['<', get('d'), ['+', now, PRESSING_MIN]]];
CASE.urgent = ['==', get('u'), 1];

/* A case's tone at the minute that the map shows: what it is now, if nothing has happened to it since; else what it had come to by then. */
const since = (name) => ['all', ['has', name], ['<=', ['+', get('r'), get(name)], now]];
const unchanged = ['any', ['all', ['==', get('c'), 0], ['!', ['has', 'k']]], since('k')];
CASE.tone = ['case', CASE.closed, 3, unchanged, get('t'), since('a'), 2, since('p'), 1, 0];

const age = ['max', 0, ['-', now, get('r')]];
const strength = ['case', CASE.overdue, 1, ['interpolate', ['linear'], age, ...AGE]];
const growth = ['*', ['interpolate', ['linear'], age, ...GROWTH], ['case', CASE.overdue, 1.12, CASE.pressing, 1.12, 1]];
/* Colours in a theme: of a state's tone, of the ring around a mark. */
function colours(theme) {
  const palette = paletteOf(theme);
  const { tone, overdue, urgent } = palette;
  return {
    ...palette,
    toned: ['match', CASE.tone, 0, tone.new, 1, tone.work, 2, tone.check, tone.done],
    ring: ['case', CASE.urgent, urgent, CASE.overdue, overdue, tone.new],
  };
}

const size = (scale, by = 1) => ['interpolate', ['linear'], ['zoom'], ...SIZES.map((value, index) => (index % 2 ? ['*', value * scale, by] : value))];
const coming = (value) => ['interpolate', ['linear'], ['zoom'], HANDOVER[0], 0, HANDOVER[1], value];
const kept = (value) => ['case', ['boolean', ['feature-state', 'stale'], false], 0, value];

const CLOSED_FROM = 13;

function closedPaint(theme) {
  const { ground, tone } = paletteOf(theme);
  return { 'circle-radius': size(0.72), 'circle-color': ground.land, 'circle-opacity': kept(0.45),
    'circle-stroke-color': tone.done, 'circle-stroke-width': 1, 'circle-stroke-opacity': kept(0.75) };
}

/** What was closed within the last day, while the map shows now; a map that wants it makes it visible. */
export function doneLayers(theme) {
  return [{ id: 'done-closed', type: 'circle', source: 'done', 'source-layer': 'case', minzoom: CLOSED_FROM, layout: { visibility: 'none' },
    filter: ['all', ['==', state('past'), 0], CASE.closed], paint: closedPaint(theme) }];
}

/** The layers of the cases' tiles. What changed since they were loaded is drawn above them by sheet.mjs, to the same measures. */
export function caseLayers(theme) {
  const { ground, overdue, urgent, toned, ring } = colours(theme);
  const dot = (name, filter, paint, more = {}) => ({
    id: `case-${name}`, type: 'circle', source: 'cases', 'source-layer': 'case', minzoom: HANDOVER[0], filter: ['all', CASE.shown, ...filter],
    layout: { 'circle-sort-key': ['+', ['case', CASE.overdue, 2, 0], ['*', 4, get('u')]] }, paint, ...more,
  });
  return [
    dot('closed', [CASE.closed], closedPaint(theme), { minzoom: CLOSED_FROM }),
    dot('halo', [CASE.open, ['any', CASE.overdue, CASE.urgent]], { 'circle-radius': size(2.5), 'circle-blur': 1, 'circle-opacity': coming(kept(0.3)), 'circle-color': ['case', CASE.overdue, overdue, urgent] }),
    dot('dot', [CASE.open], { 'circle-radius': size(1, growth), 'circle-color': ['case', CASE.overdue, overdue, toned], 'circle-opacity': coming(kept(strength)),
      'circle-stroke-color': ground.halo, 'circle-stroke-width': 1, 'circle-stroke-opacity': coming(kept(strength)) }),
    dot('ring', [CASE.open, ['any', CASE.overdue, CASE.urgent, CASE.pressing]], { 'circle-radius': size(1.75), 'circle-opacity': 0, 'circle-color': ground.halo,
      'circle-stroke-color': ring, 'circle-stroke-width': ['case', CASE.urgent, 1.6, CASE.overdue, 1.3, 0.8], 'circle-stroke-opacity': coming(kept(0.95)) }),
  ];
}

/* A tile that had more cases than it may carry says how many it left out. */
export function leftOut(page, theme) {
  const { ground } = paletteOf(theme);
  return [{ id: 'case-more', type: 'symbol', source: 'cases', 'source-layer': 'more',
    layout: { 'text-field': ['concat', '+', ['to-string', get('n')], page.say('map.more')], 'text-font': FONT, 'text-size': 12 },
    paint: { 'text-color': ground.label, 'text-halo-color': ground.halo, 'text-halo-width': 1.6 } }];
}

export const CASE_LAYERS = ['case-dot', 'case-ring', 'case-closed', 'done-closed'];
