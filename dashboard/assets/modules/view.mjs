/* The map itself: where it starts, how large its marks are, and what of it the panels leave free. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { addIcons } from './icons.mjs';
import { mapStyle } from './style.mjs';
import { shownTheme } from './theme.mjs';

const AIR = 24;
const SKETCH = 0.05;
const PATIENCE_MS = 2_500;

/** How much larger than on a desk everything is drawn: a wall's pixels are seen from afar (`zoom` in wall.css). */
export function enlargement() {
  return Number(getComputedStyle(document.querySelector('.wall .map')).zoom) || 1;
}

/** What the panels cover, in the map's own pixels, on each side. */
export function padding() {
  const map = box('.map');
  const scale = enlargement();
  const cover = { top: AIR, right: AIR, bottom: AIR, left: AIR };
  for (const panel of document.querySelectorAll('[data-covers]')) {
    const rect = panel.getBoundingClientRect();
    if (!rect.width || getComputedStyle(panel).visibility === 'hidden') continue;
    const depth = { top: rect.bottom - map.top, bottom: map.bottom - rect.top, left: rect.right - map.left, right: map.right - rect.left }[panel.dataset.covers];
    cover[panel.dataset.covers] = Math.max(cover[panel.dataset.covers], depth / scale + AIR);
  }
  return cover;
}

export function makeMap(snapshot, page, where, view) {
  const [west, south, east, north] = snapshot.city.bounds;
  const start = view
    ? { zoom: view[0], center: [view[2], view[1]], bearing: view[3] ?? 0, pitch: view[4] ?? 0 }
    : { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: padding() } };
  const map = new maplibre.Map({
    container: document.querySelector('.map'), style: mapStyle(snapshot, page, where, shownTheme()), attributionControl: false, fadeDuration: 0, maxPitch: 60, minZoom: 7, maxZoom: 19,
    pixelRatio: SKETCH, cancelPendingTileRequestsWhileZooming: true,
    localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif", ...start,
  });
  map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
  showAttributions(map, snapshot.attributions);
  map.on('error', ({ error }) => error?.status !== 0 && console.warn('map', error?.message));
  map.once('style.load', () => addIcons(map, shownTheme()));
  return map;
}

/** Draw the map as a sketch of few pixels until it holds every tile in view, or for a moment: shaders are made ready meanwhile and nothing
    half done is painted; then in full, and call back. Software renderers, and walls of 4K, have their first picture so much sooner. */
export function developed(map, whenDrawn) {
  const full = () => map.setPixelRatio(devicePixelRatio * enlargement());
  const since = performance.now();
  const look = () => {
    if (!tiled(map).every((name) => map.isSourceLoaded(name)) && performance.now() - since < PATIENCE_MS) return;
    map.off('render', look);
    clearTimeout(timer);
    full();
    addEventListener('resize', full);
    map.once('render', whenDrawn);
  };
  const timer = setTimeout(look, PATIENCE_MS);
  map.on('render', look);
}

/** The names of the map's sources of tiles. */
export const tiled = (map) => Object.entries(map.getStyle().sources).filter(([, source]) => source.type === 'vector').map(([name]) => name);

/** Paint the map in the theme that is shown now; what it holds stays. */
export function repaint(map, snapshot, page, where) {
  const { layers, light } = mapStyle(snapshot, page, where, shownTheme());
  map.setLight(light);
  addIcons(map, shownTheme());
  for (const { id, paint = {} } of layers) for (const [property, value] of Object.entries(paint)) map.setPaintProperty(id, property, value);
}

const box = (query) => document.querySelector(query).getBoundingClientRect();
