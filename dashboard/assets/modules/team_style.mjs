/* Teams with shift and task, the needle's threads to what they work on, and the candidates of one decision. */

import { FONT, byZoom } from './base_style.mjs';
import { PASSED } from './case_style.mjs';
import { paletteOf } from './palette.mjs';

const CANDIDATE = { dark: ['#9fc7ef', '#8794a6', '#06101c'], light: ['#2b6cb0', '#6c7a8f', '#ffffff'] };

export function threads(theme) {
  return [{ id: 'thread', type: 'line', source: 'threads', minzoom: 10.5, filter: ['!', PASSED],
    paint: { 'line-color': paletteOf(theme).thread, 'line-width': byZoom(11, 0.5, 15, 1.2), 'line-opacity': ['interpolate', ['linear'], ['zoom'], 11, 0.2, 14, 0.5] } }];
}

export function teams(theme) {
  const { ground } = paletteOf(theme);
  return [{
    id: 'team', type: 'symbol', source: 'teams', minzoom: 10, filter: ['!', PASSED],
    layout: {
      'icon-image': ['case', ['!', ['get', 'on_duty']], 'team-off', ['>', ['get', 'load'], 0], 'team-busy', 'team-free'],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.3, 13, 0.5, 16, 0.8], 'icon-allow-overlap': true, 'icon-ignore-placement': true,
      'symbol-sort-key': ['case', ['get', 'on_duty'], 1, 0],
      'text-field': ['step', ['zoom'], '', 14.2, ['get', 'name'], 15.4, ['format', ['get', 'name'], {}, '\n', {}, ['get', 'duty'], { 'font-scale': 0.88, 'text-color': ground.faintLabel }]],
      'text-font': FONT, 'text-size': 11.5, 'text-offset': [0, 1.3], 'text-anchor': 'top', 'text-optional': true, 'text-max-width': 16, 'text-line-height': 1.3,
    },
    paint: { 'text-color': ground.label, 'text-halo-color': ground.halo, 'text-halo-width': 1.4, 'icon-opacity': ['case', ['get', 'on_duty'], 1, 0.55] },
  }];
}

export function candidateLines(theme) {
  const colour = candidateColour(theme);
  const line = (id, filter, paint) => ({ id, type: 'line', source: 'candidates', filter: ['all', ['==', ['geometry-type'], 'LineString'], filter], layout: { 'line-cap': 'round' }, paint });
  return [
    line('candidate-line', ['!', ['get', 'chosen']], { 'line-color': colour, 'line-width': 1.1, 'line-dasharray': [2, 3], 'line-opacity': 0.75 }),
    line('chosen-line', ['get', 'chosen'], { 'line-color': colour, 'line-width': 2.4 }),
  ];
}

export function candidateMarks(theme) {
  const { ground } = paletteOf(theme);
  const points = ['==', ['geometry-type'], 'Point'];
  const colour = candidateColour(theme);
  return [
    { id: 'candidate-mark', type: 'circle', source: 'candidates', filter: points,
      paint: { 'circle-radius': 10, 'circle-color': colour, 'circle-stroke-color': ground.halo, 'circle-stroke-width': 2 } },
    { id: 'candidate-number', type: 'symbol', source: 'candidates', filter: points,
      layout: { 'text-field': ['get', 'mark'], 'text-font': FONT, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true },
      paint: { 'text-color': (CANDIDATE[theme] ?? CANDIDATE.dark)[2] } },
  ];
}

function candidateColour(theme) {
  const [free, other] = CANDIDATE[theme] ?? CANDIDATE.dark;
  return ['case', ['get', 'chosen'], paletteOf(theme).chosen, ['get', 'free'], free, other];
}
