/* The ground of the map: land, water, streets, buildings, cells, and the borders and names of every layer, in both themes. */

import { paletteOf } from './palette.mjs';

export const FONT = ['Noto Sans CJK SC'];
export const byZoom = (...stops) => ['interpolate', ['exponential', 1.5], ['zoom'], ...stops];
const evenly = (...stops) => ['interpolate', ['linear'], ['zoom'], ...stops];

/* Widest first. Width in pixels at a zoom; the casing's on both sides; from which zoom a street's name is written, and how large. */
const CLASSES = {
  motorway: { width: { 8: 0.8, 10: 1.4, 12: 2.8, 14: 6, 16: 13, 18: 30 }, named: 12.5, size: 1.15 },
  primary: { width: { 8: 0.4, 10: 0.9, 12: 2.1, 14: 4.6, 16: 11, 18: 26 }, named: 12.8, size: 1.08 },
  secondary: { width: { 8: 0.2, 10: 0.5, 12: 1.3, 14: 3.4, 16: 8.5, 18: 22 }, named: 13.6, size: 1 },
  tertiary: { width: { 8: 0.2, 10: 0.4, 12: 0.8, 14: 2.4, 16: 7, 18: 18 }, named: 14.4, size: 0.96 },
  residential: { width: { 8: 0.2, 10: 0.3, 12: 0.5, 14: 1.3, 16: 5, 18: 14 }, named: 15.2, size: 0.92 },
  path: { width: { 8: 0.2, 10: 0.2, 12: 0.3, 14: 0.5, 16: 1.3, 18: 3 }, named: 16.6, size: 0.86 },
};
const NAMES = Object.keys(CLASSES);
const byClass = (value) => ['match', ['get', 'class'], ...NAMES.slice(0, -1).flatMap((name) => [name, value(name)]), value('path')];
const widths = (more = 0) => byZoom(...Object.keys(CLASSES.path.width).flatMap((zoom) => [Number(zoom), byClass((name) => CLASSES[name].width[zoom] + more * edge(zoom))]));
const edge = (zoom) => (zoom < 12 ? 0.4 : zoom < 15 ? 1.2 : 2);

export function land(layer, theme) {
  const { ground } = paletteOf(theme);
  const only = ['==', ['get', 'layer'], layer];
  return [
    { id: 'glow', type: 'line', source: 'area', 'source-layer': 'area', filter: only,
      paint: { 'line-color': ground.glow, 'line-width': byZoom(8, 8, 14, 34), 'line-blur': byZoom(8, 8, 14, 34), 'line-opacity': ground.glowOpacity } },
    { id: 'land', type: 'fill', source: 'area', 'source-layer': 'area', filter: only, paint: { 'fill-color': ground.land, 'fill-antialias': false } },
  ];
}

export function landscape(theme) {
  const { ground } = paletteOf(theme);
  const source = { source: 'base', 'source-layer': 'landscape' };
  const only = (kind) => ['==', ['get', 'kind'], kind];
  return [
    { id: 'landscape-square', type: 'fill', ...source, minzoom: 13, filter: only('square'), paint: { 'fill-color': ground.square, 'fill-opacity': evenly(13, 0, 14, 1) } },
    { id: 'landscape-park', type: 'fill', ...source, filter: only('park'), paint: { 'fill-color': ground.park, 'fill-opacity': evenly(8, 0.6, 11, 1) } },
    { id: 'landscape', type: 'fill', ...source, filter: only('water'), paint: { 'fill-color': ground.water } },
    { id: 'shore', type: 'line', ...source, minzoom: 11, filter: only('water'), paint: { 'line-color': ground.waterEdge, 'line-width': byZoom(11, 0.5, 16, 1.2), 'line-opacity': 0.8 } },
  ];
}

export function streets(theme) {
  const palette = paletteOf(theme).streets;
  const source = { source: 'base', 'source-layer': 'street' };
  const path = ['==', ['get', 'class'], 'path'];
  const round = { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': byClass((name) => -NAMES.indexOf(name)) };
  return [
    { id: 'street-path', type: 'line', ...source, minzoom: 14, filter: path, layout: { 'line-join': 'round' },
      paint: { 'line-color': palette.path.fill, 'line-width': widths(), 'line-dasharray': [3, 1.6], 'line-opacity': evenly(14, 0, 15, 0.9) } },
    { id: 'street-casing', type: 'line', ...source, minzoom: 11, filter: ['!', path], layout: round,
      paint: { 'line-color': byClass((name) => palette[name].casing), 'line-width': widths(1), 'line-opacity': evenly(11, 0, 12, 1) } },
    { id: 'street', type: 'line', ...source, filter: ['!', path], layout: round,
      paint: { 'line-color': byClass((name) => palette[name].fill), 'line-width': widths(), 'line-opacity': evenly(8, 0.55, 10, 0.7, 12, 1) } },
  ];
}

/* Text by MapLibre's own drawing of glyphs: no font is fetched, for Chinese or Latin names. */
function label(id, source, theme, { minzoom, filter, layout, paint, ...rest }) {
  const { ground } = paletteOf(theme);
  return {
    id, type: 'symbol', source: source[0], 'source-layer': source[1], minzoom, filter, ...rest,
    layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-padding': 6, ...layout },
    paint: { 'text-halo-color': ground.halo, 'text-halo-width': 1.4, ...paint },
  };
}

export function streetNames(theme) {
  const { ground } = paletteOf(theme);
  const named = ['all', ['has', 'name'], ['>=', ['zoom'], byClass((name) => CLASSES[name].named)]];
  const size = (pixels) => ['*', pixels, byClass((name) => CLASSES[name].size)];
  return [label('street-name', ['base', 'street'], theme, {
    minzoom: 12.5, filter: named,
    layout: { 'symbol-placement': 'line', 'symbol-spacing': 380, 'text-size': byZoom(12.5, size(10.5), 15, size(12), 18, size(15)), 'text-letter-spacing': 0.08, 'text-padding': 10,
      'text-max-angle': 32, 'symbol-sort-key': byClass((name) => NAMES.indexOf(name)) },
    paint: { 'text-color': ground.roadLabel, 'text-halo-color': ground.roadHalo },
  })];
}

/** Names of lakes, rivers, parks and squares. */
export function landscapeNames(theme) {
  const { ground } = paletteOf(theme);
  const colour = ['match', ['get', 'kind'], 'water', ground.waterLabel, 'park', ground.parkLabel, ground.faintLabel];
  return [label('landscape-name', ['base', 'landscape'], theme, {
    minzoom: 13.2, filter: ['has', 'name'],
    layout: { 'text-size': byZoom(13, 10.5, 16, 13), 'text-letter-spacing': 0.1, 'text-max-width': 7, 'text-padding': 24 }, paint: { 'text-color': colour },
  })];
}

/** Names of buildings, near enough to read a street. */
export function buildingNames(theme) {
  const { ground } = paletteOf(theme);
  return [label('building-name', ['base', 'building'], theme, {
    minzoom: 16.4, filter: ['has', 'name'], layout: { 'text-size': byZoom(16, 10, 18, 12.5), 'text-max-width': 7, 'text-padding': 10 }, paint: { 'text-color': ground.faintLabel },
  })];
}

/* Flat from afar, in height near by. A height of 0 is one that nobody knows: drawn as two storeys. */
const HEIGHT = ['case', ['>', ['get', 'height'], 0], ['get', 'height'], 6];
const RISE = [15.4, 16.2];

export function buildings(theme) {
  const { ground } = paletteOf(theme);
  const source = { source: 'base', 'source-layer': 'building' };
  return [
    { id: 'building', type: 'fill', ...source, minzoom: 13, maxzoom: RISE[1],
      paint: { 'fill-color': ground.building, 'fill-opacity': evenly(13, 0.45, 14.5, 1, RISE[0], 1, RISE[1], 0) } },
    { id: 'building-edge', type: 'line', ...source, minzoom: 14.2, maxzoom: RISE[1],
      paint: { 'line-color': ground.buildingEdge, 'line-width': 0.7, 'line-opacity': evenly(14.2, 0, 14.8, 1, RISE[0], 1, RISE[1], 0) } },
    { id: 'building-volume', type: 'fill-extrusion', ...source, minzoom: RISE[0],
      paint: { 'fill-extrusion-color': ['interpolate', ['linear'], HEIGHT, 0, ground.building, 50, ground.buildingTop, 140, ground.buildingHigh],
        'fill-extrusion-height': evenly(RISE[0], 0, RISE[1], HEIGHT), 'fill-extrusion-opacity': evenly(RISE[0], 0.6, RISE[1], 0.94), 'fill-extrusion-vertical-gradient': theme !== 'light' } },
  ];
}

/** The style's `light`: on paper-white houses a hard sun would paint black walls. */
export function sun(theme) {
  return { anchor: 'viewport', position: [1.3, 200, 30], color: '#ffffff', intensity: theme === 'light' ? 0.16 : 0.42 };
}

export function cells(theme) {
  const { ground } = paletteOf(theme);
  return [
    { id: 'cell', type: 'line', source: 'cell', 'source-layer': 'cell', minzoom: 14,
      paint: { 'line-color': ground.cell, 'line-width': 0.7, 'line-dasharray': [3, 3], 'line-opacity': evenly(14, 0.25, 16, 0.7) } },
    label('cell-name', ['cell', 'cell'], theme, {
      minzoom: 16, filter: ['has', 'serial'], layout: { 'text-field': ['get', 'serial'], 'text-size': 10 }, paint: { 'text-color': ground.cell, 'text-halo-width': 1 },
    }),
  ];
}

/* Administrative borders: the wider, the brighter. Jurisdictions: a colour and a dash of their own over a breath of fill. */
export function lineOf(layer, index, theme) {
  const { ground, jurisdictions } = paletteOf(theme);
  if (layer.kind === 'jurisdiction') return jurisdictions[index % jurisdictions.length];
  if (layer.rank === 0) return { colour: ground.border, dash: null };
  return { colour: layer.rank === 1 ? ground.innerBorder : ground.finest, dash: layer.rank === 1 ? null : [2, 2] };
}

/* The narrower an area, the nearer one must be to see its border. */
const FADE = [evenly(8, 0.75, 11, 0.9), evenly(8.5, 0, 10, 0.35, 12.5, 0.8), evenly(12.5, 0, 14, 0.8)];

export function areaLines(layer, index, theme) {
  const { colour, dash } = lineOf(layer, index, theme);
  const only = ['==', ['get', 'layer'], layer.name];
  const source = { source: 'area', 'source-layer': 'area', filter: only };
  const width = layer.rank === 0 && layer.kind === 'area' ? byZoom(8, 1.2, 15, 2.6) : byZoom(9, 0.6, 15, 1.6);
  const line = { id: `area-${layer.name}`, type: 'line', ...source, layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width, 'line-opacity': layer.kind === 'area' ? FADE[Math.min(layer.rank, 2)] : 0.85, ...(dash && { 'line-dasharray': dash }) } };
  if (layer.kind === 'area') return [line];
  return [{ id: `area-${layer.name}-fill`, type: 'fill', ...source, paint: { 'fill-color': colour, 'fill-opacity': 0.045 } }, line];
}

export function areaLabel(layer, index, theme) {
  const { ground } = paletteOf(theme);
  const fine = layer.kind === 'area' && layer.rank >= 2;
  const colour = layer.kind === 'jurisdiction' ? lineOf(layer, index, theme).colour : fine ? ground.faintLabel : ground.label;
  return label(`area-${layer.name}-label`, ['area', 'label'], theme, {
    minzoom: fine ? 13.6 : layer.rank === 0 ? 8 : 10.5, filter: ['==', ['get', 'layer'], layer.name],
    ...(layer.kind === 'area' && layer.rank === 0 && { maxzoom: 11 }),
    layout: { 'text-size': layer.rank === 0 ? byZoom(8, 11, 11, 17) : byZoom(10, 11, 13, fine ? 11 : 15, 16, fine ? 13 : 19), 'text-letter-spacing': fine ? 0.05 : 0.16, 'text-max-width': 8, 'symbol-sort-key': ['-', 0, ['get', 'size']] },
    paint: { 'text-color': colour, 'text-halo-width': 1.6, 'text-opacity': fine ? 0.85 : 1 },
  });
}
