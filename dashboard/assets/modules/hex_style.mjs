/* Far out: cells with their number of open cases, the overdue ones set off; or their density. From the pyramid, never from cases. */

import { FONT, byZoom } from './base_style.mjs';
import { HANDOVER } from './case_scale.mjs';
import { CASE, PASSED } from './case_style.mjs';
import { paletteOf } from './palette.mjs';

const STEPS = [1, 10, 100, 1000, 10_000];
const RAMPS = { dark: ['#143a63', '#1f63a3', '#4a9bd9', '#a9d8f5', '#f2faff'], light: ['#d3e4f4', '#9cc4e6', '#559bd0', '#1f67ad', '#0a3a72'] };

/** How many open cases a cell has, and its colour: the more, the farther from the ground. */
export const hexStops = (theme) => STEPS.map((n, index) => [n, (RAMPS[theme] ?? RAMPS.dark)[index]]);

const leaving = (value) => ['interpolate', ['linear'], ['zoom'], HANDOVER[0], value, HANDOVER[1], 0];

/* Open cases now; all that were reported, while the map shows a stretch of time. */
const open = ['coalesce', ['get', 'n'], 0];
const count = ['case', ['==', ['global-state', 'past'], 1], ['coalesce', ['get', 'a'], 0], open];
const late = ['case', PASSED, 0, ['coalesce', ['get', 'o'], 0]];
const from = (layer) => ({ source: 'hexes', 'source-layer': layer, maxzoom: HANDOVER[1] });
const colour = (theme) => ['interpolate', ['linear'], ['log10', ['max', 1, count]], ...hexStops(theme).flatMap(([n, paint]) => [Math.log10(n), paint])];

export function hexes(theme) {
  const { ground, overdue } = paletteOf(theme);
  return [
    { id: 'hex', type: 'fill', ...from('hex'), filter: ['>', count, 0],
      paint: { 'fill-color': colour(theme), 'fill-opacity': leaving(0.58), 'fill-antialias': false } },
    { id: 'hex-edge', type: 'line', ...from('hex'), filter: ['>', count, 0],
      paint: { 'line-color': ground.beyond, 'line-width': 1, 'line-opacity': leaving(0.8) } },
    { id: 'hex-late', type: 'circle', ...from('hexpoint'), filter: ['>', late, 0],
      paint: { 'circle-color': overdue, 'circle-opacity': leaving(0.9), 'circle-stroke-color': ground.halo, 'circle-stroke-width': 1, 'circle-stroke-opacity': leaving(0.9),
        'circle-radius': ['interpolate', ['linear'], ['sqrt', late], 1, 2.2, 10, 6, 60, 13] } },
  ];
}

export function hexCounts(theme) {
  const { ground } = paletteOf(theme);
  return [{
    id: 'hex-count', type: 'symbol', ...from('hexpoint'), filter: ['>=', count, 2],
    layout: { 'text-field': ['to-string', count], 'text-font': FONT, 'text-size': byZoom(8, 10.5, 12, 13), 'symbol-sort-key': ['-', 0, count], 'text-padding': 6,
      'text-offset': ['case', ['>', late, 0], ['literal', [0, 1.1]], ['literal', [0, 0]]] },
    paint: { 'text-color': ground.label, 'text-halo-color': ground.halo, 'text-halo-width': 1.5, 'text-opacity': leaving(1) },
  }];
}

/* Density instead of numbers: an option. */
export function heat(theme) {
  const stops = hexStops(theme).flatMap(([, paint], index) => [0.15 + index * 0.2, paint]);
  const ramp = ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(74,155,217,0)', ...stops];
  return [
    { id: 'heat-hex', type: 'heatmap', ...from('hexpoint'),
      paint: { 'heatmap-weight': ['interpolate', ['linear'], ['log10', ['max', 1, count]], 0, 0.04, 3, 1], 'heatmap-radius': byZoom(8, 16, 12.7, 44),
        'heatmap-intensity': 0.8, 'heatmap-color': ramp, 'heatmap-opacity': leaving(0.85) } },
    { id: 'heat-case', type: 'heatmap', source: 'cases', 'source-layer': 'case', minzoom: HANDOVER[0], filter: ['all', CASE.shown, CASE.open],
      paint: { 'heatmap-weight': 0.4, 'heatmap-radius': byZoom(12, 18, 16, 56), 'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 12, 0.8, 16, 1.2],
        'heatmap-color': ramp, 'heatmap-opacity': ['interpolate', ['linear'], ['zoom'], HANDOVER[0], 0, HANDOVER[1], 0.7] } },
  ];
}
