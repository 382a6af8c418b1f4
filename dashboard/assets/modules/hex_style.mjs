/* Far out: cells with their number of open cases, the overdue ones set off; or their density. From the pyramid, never from cases. */

import { FONT, byZoom } from './base_style.mjs';
import { GROUND, OVERDUE } from './palette.mjs';

export const HEX_STOPS = [[1, '#143a63'], [10, '#1f63a3'], [100, '#4a9bd9'], [1000, '#a9d8f5'], [10_000, '#f2faff']];

/* Where cells hand over to marks: both are drawn, one going, one coming. */
export const HANDOVER = [11.9, 12.5];
const leaving = (value) => ['interpolate', ['linear'], ['zoom'], HANDOVER[0], value, HANDOVER[1], 0];

/* Open cases now; all that were reported, while the map shows a stretch of time. */
const open = ['coalesce', ['get', 'n'], 0];
const count = ['case', ['==', ['global-state', 'past'], 1], ['coalesce', ['get', 'a'], 0], open];
const late = ['coalesce', ['get', 'o'], 0];
const from = (layer) => ({ source: 'hexes', 'source-layer': layer, maxzoom: HANDOVER[1] });
const colour = ['interpolate', ['linear'], ['log10', ['max', 1, count]], ...HEX_STOPS.flatMap(([n, paint]) => [Math.log10(n), paint])];

export function hexes() {
  return [
    { id: 'hex', type: 'fill', ...from('hex'), filter: ['>', count, 0],
      paint: { 'fill-color': colour, 'fill-opacity': leaving(0.58), 'fill-antialias': false } },
    { id: 'hex-edge', type: 'line', ...from('hex'), filter: ['>', count, 0],
      paint: { 'line-color': GROUND.beyond, 'line-width': 1, 'line-opacity': leaving(0.8) } },
    { id: 'hex-late', type: 'circle', ...from('hexpoint'), filter: ['>', late, 0],
      paint: { 'circle-color': OVERDUE, 'circle-opacity': leaving(0.9), 'circle-stroke-color': GROUND.halo, 'circle-stroke-width': 1, 'circle-stroke-opacity': leaving(0.9),
        'circle-radius': ['interpolate', ['linear'], ['sqrt', late], 1, 2.2, 10, 6, 60, 13] } },
  ];
}

export function hexCounts() {
  return [{
    id: 'hex-count', type: 'symbol', ...from('hexpoint'), filter: ['>=', count, 2],
    layout: { 'text-field': ['to-string', count], 'text-font': FONT, 'text-size': byZoom(8, 10.5, 12, 13), 'symbol-sort-key': ['-', 0, count], 'text-padding': 6,
      'text-offset': ['case', ['>', late, 0], ['literal', [0, 1.1]], ['literal', [0, 0]]] },
    paint: { 'text-color': '#eaf4ff', 'text-halo-color': GROUND.halo, 'text-halo-width': 1.5, 'text-opacity': leaving(1) },
  }];
}

/* Density instead of numbers: an option. */
export function heat() {
  const ramp = ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(20,58,99,0)', 0.2, 'rgba(31,99,163,.45)', 0.5, 'rgba(74,155,217,.65)', 0.8, 'rgba(169,216,245,.8)', 1, 'rgba(242,250,255,.92)'];
  return [
    { id: 'heat-hex', type: 'heatmap', ...from('hexpoint'),
      paint: { 'heatmap-weight': ['interpolate', ['linear'], ['log10', ['max', 1, count]], 0, 0.04, 3, 1], 'heatmap-radius': byZoom(8, 16, 12.7, 44),
        'heatmap-intensity': 0.8, 'heatmap-color': ramp, 'heatmap-opacity': leaving(0.85) } },
    { id: 'heat-case', type: 'heatmap', source: 'cases', 'source-layer': 'case', minzoom: HANDOVER[0], filter: ['==', ['get', 'c'], 0],
      paint: { 'heatmap-weight': 0.3, 'heatmap-radius': byZoom(12, 14, 16, 50), 'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 12, 0.35, 16, 1],
        'heatmap-color': ramp, 'heatmap-opacity': ['interpolate', ['linear'], ['zoom'], HANDOVER[0], 0, HANDOVER[1], 0.7] } },
  ];
}
