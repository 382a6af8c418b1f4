/* The colours of an analysis in both themes: blue to red in steps of lightness, for any colour vision; the legend says them in words. */

const DARK = {
  classes: { '-3': '#9fd0f7', '-2': '#4f97e0', '-1': '#2c5686', 0: '#23344a', 1: '#7d4630', 2: '#e0703a', 3: '#ffb37a', 4: '#d8e27a', 5: '#c79bff' },
  change: { 0: '#23344a', 1: '#ff6a2a', 2: '#f7cf46', 3: '#4f97e0' },
  trend: { 0: '#23344a', 1: '#ff6a2a', 2: '#f7cf46', 3: '#4f97e0', 4: '#7fdcc4' },
  ramp: ['#142238', '#2c5686', '#4f97e0', '#f7cf46', '#ffffff'],
};
const LIGHT = {
  classes: { '-3': '#2166ac', '-2': '#67a9cf', '-1': '#c3dcea', 0: '#e2e3e1', 1: '#fddbc7', 2: '#ef8a62', 3: '#b2182b', 4: '#8a5a00', 5: '#7a3fc4' },
  change: { 0: '#e2e3e1', 1: '#b73017', 2: '#b77b00', 3: '#074e93' },
  trend: { 0: '#e2e3e1', 1: '#b73017', 2: '#b77b00', 3: '#074e93', 4: '#459c78' },
  ramp: ['#f2f0ea', '#fdd49e', '#fc8d59', '#d7301f', '#7f0000'],
};

export const VIEWS = ['significance', 'change', 'trend', 'density'];
export const TRENDS = ['none', 'emerging', 'persistent', 'fading', 'sporadic'];
const KEY = { significance: 'c', change: 'g', trend: 't' };
const QUIET = 0.28;

export const spotColours = (theme) => (theme === 'light' ? LIGHT : DARK);

/** The layers of the map for a view. */
export function spotLayers(view, theme) {
  const colours = spotColours(theme);
  const of = view === 'density' ? ['interpolate', ['linear'], ['^', ['/', ['get', 'd'], 1000], 0.6], ...colours.ramp.flatMap((colour, at) => [at / (colours.ramp.length - 1), colour])] : byClass(KEY[view], view === 'significance' ? colours.classes : colours[view]);
  const quiet = view === 'density' ? ['interpolate', ['linear'], ['get', 'd'], 0, 0, 40, 0.75] : ['case', ['==', ['get', KEY[view]], 0], ['case', ['>', ['get', 'n'], 0], QUIET, 0.1], 0.82];
  return [
    { id: 'spot', type: 'fill', source: 'spots', 'source-layer': 'spot', paint: { 'fill-color': of, 'fill-opacity': quiet } },
    { id: 'spot-edge', type: 'line', source: 'spots', 'source-layer': 'spot', minzoom: 11, paint: { 'line-color': of, 'line-width': 0.8, 'line-opacity': ['case', ['==', ['get', KEY[view] ?? 'c'], 0], 0.2, 0.9] } },
  ];
}

function byClass(key, colours) {
  return ['match', ['get', key], ...Object.entries(colours).filter(([name]) => name !== '0').flatMap(([name, colour]) => [Number(name), colour]), colours[0]];
}
