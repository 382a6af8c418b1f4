/* The ground of the map: land, water, streets, buildings, cells, and the borders and names of every layer. */

import { GROUND, JURISDICTIONS, STREETS } from './palette.mjs';

export const FONT = ['Noto Sans CJK SC'];
export const byZoom = (...stops) => ['interpolate', ['exponential', 1.5], ['zoom'], ...stops];

export function land(layer) {
  const only = ['==', ['get', 'layer'], layer];
  return [
    { id: 'glow', type: 'line', source: 'area', 'source-layer': 'area', filter: only,
      paint: { 'line-color': '#2f8fe8', 'line-width': byZoom(8, 8, 14, 34), 'line-blur': byZoom(8, 8, 14, 34), 'line-opacity': 0.3 } },
    { id: 'land', type: 'fill', source: 'area', 'source-layer': 'area', filter: only, paint: { 'fill-color': GROUND.land, 'fill-antialias': false } },
  ];
}

export function landscape() {
  const colour = ['match', ['get', 'kind'], 'water', GROUND.water, 'park', GROUND.park, GROUND.square];
  return [
    { id: 'landscape', type: 'fill', source: 'base', 'source-layer': 'landscape', paint: { 'fill-color': colour } },
    { id: 'shore', type: 'line', source: 'base', 'source-layer': 'landscape', minzoom: 11, filter: ['==', ['get', 'kind'], 'water'],
      paint: { 'line-color': GROUND.waterEdge, 'line-width': 0.8 } },
  ];
}

export function streets() {
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

export function streetNames() {
  return [{
    id: 'street-name', type: 'symbol', source: 'base', 'source-layer': 'street', minzoom: 13.6, filter: ['has', 'name'],
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 420, 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': byZoom(13, 10, 17, 14),
      'text-letter-spacing': 0.12, 'text-padding': 12 },
    paint: { 'text-color': GROUND.faintLabel, 'text-halo-color': GROUND.halo, 'text-halo-width': 1.4 },
  }];
}

export function buildings() {
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

export function cells() {
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

export function areaLines(layer, index) {
  const { colour, dash } = lineOf(layer, index);
  const only = ['==', ['get', 'layer'], layer.name];
  const source = { source: 'area', 'source-layer': 'area', filter: only };
  const width = layer.rank === 0 && layer.kind === 'area' ? byZoom(8, 1.2, 15, 2.6) : byZoom(9, 0.6, 15, 1.6);
  const line = { id: `area-${layer.name}`, type: 'line', ...source, layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width, 'line-opacity': 0.85, ...(dash && { 'line-dasharray': dash }) } };
  if (layer.kind === 'area') return [line];
  return [{ id: `area-${layer.name}-fill`, type: 'fill', ...source, paint: { 'fill-color': colour, 'fill-opacity': 0.045 } }, line];
}

export function areaLabel(layer, index) {
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
