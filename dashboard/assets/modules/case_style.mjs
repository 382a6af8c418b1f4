/* What happens on the map: cases, teams, the threads between them, and the candidates of one decision. */

import { FONT, byZoom } from './base_style.mjs';
import { CHOSEN, GROUND, OVERDUE, THREAD, TONE, URGENT } from './palette.mjs';

/* Far out, density speaks; near, every case is a mark. */
export function heat() {
  return [{
    id: 'heat', type: 'heatmap', source: 'cases', maxzoom: 13, filter: ['!', ['get', 'closed']],
    paint: {
      'heatmap-weight': ['case', ['get', 'overdue'], 1, 0.55], 'heatmap-radius': byZoom(8, 8, 12, 26),
      'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 8, 0.35, 12, 0.7],
      'heatmap-opacity': ['interpolate', ['linear'], ['zoom'], 11.4, 0.75, 13, 0],
      'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(30,90,160,0)', 0.25, 'rgba(32,104,178,.35)', 0.6, 'rgba(70,160,225,.55)', 1, 'rgba(190,228,255,.8)'],
    },
  }];
}

export function cases() {
  const tone = ['match', ['get', 'tone'], 'new', TONE.new, 'work', TONE.work, 'check', TONE.check, TONE.done];
  const size = (scale) => ['interpolate', ['linear'], ['zoom'], 9, 1.2 * scale, 12, 2.6 * scale, 14, 4.6 * scale, 17, 8 * scale];
  const open = ['!', ['get', 'closed']];
  const pressing = ['any', ['get', 'overdue'], ['get', 'urgent']];
  const dot = (id, minzoom, filter, paint) => ({ id, type: 'circle', source: 'cases', minzoom, filter, layout: { 'circle-sort-key': ['get', 'weight'] }, paint });
  return [
    dot('case-closed', 12.2, ['get', 'closed'], { 'circle-radius': size(0.72), 'circle-color': GROUND.land, 'circle-opacity': 0.5,
      'circle-stroke-color': TONE.done, 'circle-stroke-width': 1, 'circle-stroke-opacity': 0.75 }),
    dot('case-halo', 9, ['all', open, pressing], { 'circle-radius': size(2.6), 'circle-blur': 1, 'circle-opacity': 0.38,
      'circle-color': ['case', ['get', 'overdue'], OVERDUE, URGENT] }),
    dot('case-calm', 11, ['all', open, ['!', pressing]], { 'circle-radius': size(1), 'circle-color': tone, 'circle-opacity': 0.95,
      'circle-stroke-color': GROUND.halo, 'circle-stroke-width': 1 }),
    dot('case-ring', 9, ['all', open, pressing], { 'circle-radius': size(1.75), 'circle-opacity': 0, 'circle-color': GROUND.halo,
      'circle-stroke-color': ['case', ['get', 'overdue'], OVERDUE, URGENT], 'circle-stroke-width': ['case', ['get', 'overdue'], 1.6, 1.1] }),
    dot('case-pressing', 9, ['all', open, pressing], { 'circle-radius': size(1.1), 'circle-color': ['case', ['get', 'overdue'], OVERDUE, tone],
      'circle-stroke-color': GROUND.halo, 'circle-stroke-width': 1 }),
  ];
}

export const CASE_LAYERS = ['case-pressing', 'case-ring', 'case-calm', 'case-closed'];

export function threads() {
  return [{ id: 'thread', type: 'line', source: 'threads', minzoom: 10.5,
    paint: { 'line-color': THREAD, 'line-width': byZoom(11, 0.5, 15, 1.1), 'line-opacity': ['interpolate', ['linear'], ['zoom'], 11, 0.16, 14, 0.42] } }];
}

export function teams() {
  return [{
    id: 'team', type: 'symbol', source: 'teams', minzoom: 10,
    layout: {
      'icon-image': ['case', ['!', ['get', 'on_duty']], 'team-off', ['>', ['get', 'load'], 0], 'team-busy', 'team-free'],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.3, 13, 0.5, 16, 0.8], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
      'symbol-sort-key': ['case', ['get', 'on_duty'], 1, 0],
      'text-field': ['step', ['zoom'], '', 14.2, ['get', 'name']], 'text-font': FONT, 'text-size': 11, 'text-offset': [0, 1.3], 'text-anchor': 'top', 'text-optional': true,
    },
    paint: { 'text-color': '#cfe6ff', 'text-halo-color': GROUND.halo, 'text-halo-width': 1.4, 'icon-opacity': ['case', ['get', 'on_duty'], 1, 0.55] },
  }];
}

export function candidateLines() {
  const colour = ['case', ['get', 'chosen'], CHOSEN, ['get', 'free'], '#9fc7ef', '#8794a6'];
  const line = (id, filter, paint) => ({ id, type: 'line', source: 'candidates', filter: ['all', ['==', ['geometry-type'], 'LineString'], filter], layout: { 'line-cap': 'round' }, paint });
  return [
    line('candidate-line', ['!', ['get', 'chosen']], { 'line-color': colour, 'line-width': 1.1, 'line-dasharray': [2, 3], 'line-opacity': 0.75 }),
    line('chosen-glow', ['get', 'chosen'], { 'line-color': colour, 'line-width': 9, 'line-blur': 8, 'line-opacity': 0.45 }),
    line('chosen-line', ['get', 'chosen'], { 'line-color': colour, 'line-width': 2 }),
  ];
}

export function candidateMarks() {
  const points = ['==', ['geometry-type'], 'Point'];
  const colour = ['case', ['get', 'chosen'], CHOSEN, ['get', 'free'], '#9fc7ef', '#6c7a8f'];
  return [
    { id: 'candidate-mark', type: 'circle', source: 'candidates', filter: points,
      paint: { 'circle-radius': 10, 'circle-color': colour, 'circle-stroke-color': GROUND.halo, 'circle-stroke-width': 2 } },
    { id: 'candidate-number', type: 'symbol', source: 'candidates', filter: points,
      layout: { 'text-field': ['get', 'mark'], 'text-font': FONT, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true },
      paint: { 'text-color': '#06101c' } },
  ];
}
