/* The map's style: our own tiles, our own colours, no glyphs and nothing from elsewhere. */

import { CHOSEN, GROUND, JURISDICTIONS, OVERDUE, STREETS, THREAD, TONE, URGENT } from './palette.mjs';

const EMPTY = { type: 'FeatureCollection', features: [] };
const FONT = ['Noto Sans CJK SC'];

export function mapStyle(snapshot) {
  return { version: 8, sources: sources(snapshot.version), layers: layers(snapshot) };
}

export function tileAddress(source, version) {
  return `${location.origin}/tiles/${source}/{z}/{x}/{y}.mvt?v=${version}`;
}

function sources(version) {
  const tiles = (source, minzoom, maxzoom = 16) => ({ type: 'vector', tiles: [tileAddress(source, version)], minzoom, maxzoom });
  const live = () => ({ type: 'geojson', data: EMPTY });
  return {
    base: tiles('base', 8), area: tiles('area', 6, 14), cell: tiles('cell', 14, 15),
    cases: live(), teams: live(), threads: live(), candidates: live(), selection: live(),
  };
}

function layers(snapshot) {
  const widest = snapshot.layers.find((layer) => layer.kind === 'area') || snapshot.layers[0];
  return [
    { id: 'beyond', type: 'background', paint: { 'background-color': GROUND.beyond } },
    ...(widest ? land(widest.name) : []),
    ...landscape(), ...streets(), ...buildings(), ...cells(),
    ...snapshot.layers.filter((layer) => layer.kind !== 'grid').flatMap(areaLines),
    ...streetNames(), ...heat(), ...threads(), ...candidateLines(),
    ...snapshot.layers.filter((layer) => layer.kind !== 'grid').reverse().map(areaLabel),
    ...cases(), ...teams(), ...candidateMarks(),
  ];
}

const byZoom = (...stops) => ['interpolate', ['exponential', 1.5], ['zoom'], ...stops];

function land(layer) {
  const only = ['==', ['get', 'layer'], layer];
  return [
    { id: 'glow', type: 'line', source: 'area', 'source-layer': 'area', filter: only,
      paint: { 'line-color': '#2f8fe8', 'line-width': byZoom(8, 8, 14, 34), 'line-blur': byZoom(8, 8, 14, 34), 'line-opacity': 0.3 } },
    { id: 'land', type: 'fill', source: 'area', 'source-layer': 'area', filter: only, paint: { 'fill-color': GROUND.land, 'fill-antialias': false } },
  ];
}

function landscape() {
  const colour = ['match', ['get', 'kind'], 'water', GROUND.water, 'park', GROUND.park, GROUND.square];
  return [
    { id: 'landscape', type: 'fill', source: 'base', 'source-layer': 'landscape', paint: { 'fill-color': colour } },
    { id: 'shore', type: 'line', source: 'base', 'source-layer': 'landscape', minzoom: 11, filter: ['==', ['get', 'kind'], 'water'],
      paint: { 'line-color': GROUND.waterEdge, 'line-width': 0.8 } },
  ];
}

function streets() {
  const round = { 'line-cap': 'round', 'line-join': 'round' };
  const classes = Object.entries(STREETS).reverse();
  const line = (name, kind, colour, more) => ({
    id: `street-${name}-${kind}`, type: 'line', source: 'base', 'source-layer': 'street', layout: round,
    filter: ['==', ['get', 'class'], name],
    paint: { 'line-color': colour, 'line-width': byZoom(...STREETS[name].width.map((value, i) => (i % 2 ? value + more : value))) },
  });
  return [
    ...classes.map(([name, street]) => ({ ...line(name, 'casing', street.casing, 1.6), minzoom: 12.5 })),
    ...classes.map(([name, street]) => line(name, 'fill', street.fill, 0)),
  ];
}

function streetNames() {
  return [{
    id: 'street-name', type: 'symbol', source: 'base', 'source-layer': 'street', minzoom: 13.6, filter: ['has', 'name'],
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 420, 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': byZoom(13, 10, 17, 14),
      'text-letter-spacing': 0.12, 'text-padding': 12 },
    paint: { 'text-color': GROUND.faintLabel, 'text-halo-color': GROUND.halo, 'text-halo-width': 1.4 },
  }];
}

function buildings() {
  const source = { source: 'base', 'source-layer': 'building' };
  return [
    { id: 'building', type: 'fill', ...source, minzoom: 13, maxzoom: 15.6,
      paint: { 'fill-color': GROUND.building, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.55, 14.5, 1] } },
    { id: 'building-edge', type: 'line', ...source, minzoom: 14.4, maxzoom: 15.6,
      paint: { 'line-color': GROUND.buildingEdge, 'line-width': 0.6 } },
    { id: 'building-volume', type: 'fill-extrusion', ...source, minzoom: 15.6,
      paint: { 'fill-extrusion-color': ['interpolate', ['linear'], ['get', 'height'], 0, GROUND.building, 60, GROUND.buildingTop, 120, '#2a4a75'],
        'fill-extrusion-height': ['get', 'height'], 'fill-extrusion-opacity': 0.92, 'fill-extrusion-vertical-gradient': true } },
  ];
}

function cells() {
  return [
    { id: 'cell', type: 'line', source: 'cell', 'source-layer': 'cell', minzoom: 14,
      paint: { 'line-color': GROUND.cell, 'line-width': 0.7, 'line-dasharray': [3, 3], 'line-opacity': ['interpolate', ['linear'], ['zoom'], 14, 0.25, 16, 0.7] } },
    { id: 'cell-name', type: 'symbol', source: 'cell', 'source-layer': 'cell', minzoom: 16,
      layout: { 'text-field': ['get', 'serial'], 'text-font': FONT, 'text-size': 10 },
      paint: { 'text-color': GROUND.cell, 'text-halo-color': GROUND.halo, 'text-halo-width': 1 } },
  ];
}

/* Administrative borders: the wider, the brighter. Jurisdictions: a colour and a dash of their own over a breath of fill. */
export function lineOf(layer, index) {
  if (layer.kind === 'jurisdiction') return JURISDICTIONS[index % JURISDICTIONS.length];
  if (layer.rank === 0) return { colour: GROUND.border, dash: null };
  return { colour: layer.rank === 1 ? GROUND.innerBorder : GROUND.finest, dash: layer.rank === 1 ? null : [2, 2] };
}

function areaLines(layer, index) {
  const { colour, dash } = lineOf(layer, index);
  const only = ['==', ['get', 'layer'], layer.name];
  const source = { source: 'area', 'source-layer': 'area', filter: only };
  const width = layer.rank === 0 && layer.kind === 'area' ? byZoom(8, 1.2, 15, 2.6) : byZoom(9, 0.6, 15, 1.6);
  const line = { id: `area-${layer.name}`, type: 'line', ...source, layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width, 'line-opacity': 0.85, ...(dash && { 'line-dasharray': dash }) } };
  if (layer.kind === 'area') return [line];
  return [{ id: `area-${layer.name}-fill`, type: 'fill', ...source, paint: { 'fill-color': colour, 'fill-opacity': 0.045 } }, line];
}

function areaLabel(layer, index) {
  const fine = layer.kind === 'area' && layer.rank >= 2;
  const colour = layer.kind === 'jurisdiction' ? lineOf(layer, index).colour : fine ? GROUND.faintLabel : GROUND.label;
  return {
    id: `area-${layer.name}-label`, type: 'symbol', source: 'area', 'source-layer': 'label', filter: ['==', ['get', 'layer'], layer.name],
    minzoom: fine ? 13.6 : layer.rank === 0 ? 8 : 10.5,
    ...(layer.kind === 'area' && layer.rank === 0 && { maxzoom: 11 }),
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': byZoom(9, 11, 13, fine ? 11 : 15, 16, fine ? 13 : 19),
      'text-letter-spacing': fine ? 0.05 : 0.18, 'text-max-width': 8, 'symbol-sort-key': ['-', 0, ['get', 'size']], 'text-padding': 6 },
    paint: { 'text-color': colour, 'text-halo-color': GROUND.halo, 'text-halo-width': 1.6, 'text-opacity': fine ? 0.85 : 1 },
  };
}

/* Far out, density speaks; near, every case is a mark. */
function heat() {
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

function cases() {
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

function threads() {
  return [{ id: 'thread', type: 'line', source: 'threads', minzoom: 10.5,
    paint: { 'line-color': THREAD, 'line-width': byZoom(11, 0.5, 15, 1.1), 'line-opacity': ['interpolate', ['linear'], ['zoom'], 11, 0.16, 14, 0.42] } }];
}

function teams() {
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

function candidateLines() {
  const colour = ['case', ['get', 'chosen'], CHOSEN, ['get', 'free'], '#9fc7ef', '#8794a6'];
  const line = (id, filter, paint) => ({ id, type: 'line', source: 'candidates', filter: ['all', ['==', ['geometry-type'], 'LineString'], filter], layout: { 'line-cap': 'round' }, paint });
  return [
    line('candidate-line', ['!', ['get', 'chosen']], { 'line-color': colour, 'line-width': 1.1, 'line-dasharray': [2, 3], 'line-opacity': 0.75 }),
    line('chosen-glow', ['get', 'chosen'], { 'line-color': colour, 'line-width': 9, 'line-blur': 8, 'line-opacity': 0.45 }),
    line('chosen-line', ['get', 'chosen'], { 'line-color': colour, 'line-width': 2 }),
  ];
}

function candidateMarks() {
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
