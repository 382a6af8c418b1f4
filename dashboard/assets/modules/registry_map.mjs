/* The map of density: buildings, cells or hexagons by how many records there are a square kilometre, or by the share of them in which
   something is missing or has gone stale. A place of too few is hatched by a mark and has no number, here as on the server. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { baseStyle } from './cells_map.mjs';
import { element } from './page.mjs';
import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';

const CELLS_FROM = 12;
const BUILDINGS_FROM = 14;
const CLOSE_ZOOM = 16.4;

/** From few to many, light on dark and dark on light: lightness alone tells them apart. Warm where something is amiss. */
export const RAMPS = {
  density: { dark: ['#16324a', '#1c5d7d', '#2b90a3', '#6cc3b4', '#d8f0c8'], light: ['#d5e8e6', '#9fccd0', '#5ba3b8', '#2c7199', '#123f6d'] },
  amiss: { dark: ['#33281d', '#6b4520', '#a8651f', '#e09333', '#ffd98a'], light: ['#f6e9d3', '#eac48e', '#d4924c', '#ab5f1f', '#6d3508'] },
};
/** Where each colour of a ramp begins. */
export const STOPS = {
  density: { person: [0, 1_000, 5_000, 25_000, 125_000], household: [0, 400, 2_000, 10_000, 50_000], enterprise: [0, 20, 100, 500, 2_500] },
  amiss: [0, 10, 25, 50, 80],
};
const PROPERTY = { density: 'd', missing: 'm', stale: 's' };

/** What a measure is painted with. @returns {{ colours: string[], stops: number[] }} */
export function scaleOf(measure, kind, theme) {
  const family = measure === 'density' ? 'density' : 'amiss';
  return { colours: RAMPS[family][theme] ?? RAMPS[family].dark, stops: measure === 'density' ? STOPS.density[kind] : STOPS.amiss };
}

export class RegistryMap {
  /** @param {{ ground: object, page: object, view: object, onBuilding: (id: number) => void, onMove: () => void }} wanted */
  constructor({ ground, page, view, onBuilding, onMove }) {
    Object.assign(this, { ground, page, onBuilding, onMove });
    this.map = makeMap(ground, view);
    this.tip = element('div', 'cells-tip');
    this.tip.hidden = true;
    this.map.getContainer().append(this.tip);
    this.ready = new Promise((done) => this.map.once('style.load', done)).then(() => this.listen());
    addEventListener('needle:theme', () => this.restyle());
    new ResizeObserver(() => this.map.resize()).observe(this.map.getContainer());
  }

  listen() {
    const { map } = this;
    map.on('click', (event) => {
      const [found] = this.found(event.point);
      if (found?.sourceLayer === 'building') this.onBuilding(found.id);
    });
    map.on('mousemove', (event) => this.hover(event));
    map.on('mouseout', () => (this.tip.hidden = true));
    map.on('moveend', () => this.onMove());
  }

  /** Show a kind of record by a measure and a unit, in an area where one is chosen. */
  async show(wanted) {
    await this.ready;
    this.wanted = wanted;
    this.draw();
  }

  draw() {
    const { map } = this;
    const { kind, unit, area, layers } = this.wanted;
    const address = `${location.origin}/tiles/registry/${unit}/${kind}/{z}/{x}/{y}.mvt${area ? `?area=${encodeURIComponent(area)}` : ''}`;
    const made = densityLayers(this.wanted, shownTheme());
    for (const { id } of map.getStyle().layers) if (id.startsWith('density-')) map.removeLayer(id);
    if (this.address !== address || !map.getSource('density')) {
      if (map.getSource('density')) map.removeSource('density');
      map.addSource('density', { type: 'vector', tiles: [address], minzoom: 6, maxzoom: 16 });
      this.address = address;
    }
    for (const layer of made) map.addLayer(layer, map.getLayer('street-name') ? 'street-name' : undefined);
    this.fills = made.filter(({ type }) => type === 'fill').map(({ id }) => id);
    this.layers = layers;
  }

  found(point) {
    const there = (this.fills ?? []).filter((id) => this.map.getLayer(id));
    return there.length ? this.map.queryRenderedFeatures(point, { layers: there }) : [];
  }

  hover({ point }) {
    const { page, tip } = this;
    const [found] = this.found(point);
    this.map.getCanvas().style.cursor = found?.sourceLayer === 'building' ? 'pointer' : '';
    tip.hidden = !found;
    if (!found) return;
    const { n, d, m, s, few } = found.properties;
    const lines = few || n === undefined
      ? [page.say(few ? 'tip.few' : 'tip.none')]
      : [page.say('tip.density', { d: page.number.format(d) }), page.say('tip.missing', { m }), page.say('tip.stale', { s })];
    const head = n === undefined ? page.say(`level.${found.sourceLayer}`) : page.say(`count.${this.wanted.kind}`, { n: page.number.format(n) });
    tip.replaceChildren(element('b', '', head), ...lines.map((line) => element('span', '', line)));
    tip.style.transform = `translate(${Math.round(point.x + 14)}px, ${Math.round(point.y + 14)}px)`;
  }

  mark(at, { fly = false } = {}) {
    this.marker ??= new maplibre.Marker({ element: element('div', 'selection') });
    if (!at) return void this.marker.remove();
    this.marker.setLngLat(at).addTo(this.map);
    if (fly) this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), duration: 500 });
    return undefined;
  }

  fit(bounds) {
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    this.map.fitBounds([[west, south], [east, north]], { padding: 48, maxZoom: 17, duration: 0 });
  }

  restyle() {
    const { map } = this;
    map.setStyle(baseStyle(this.ground, shownTheme()), { diff: false });
    map.once('style.load', () => this.wanted && this.draw());
  }

  written() {
    const center = this.map.getCenter();
    return [this.map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)].join('/');
  }
}

function makeMap(ground, view) {
  const [west, south, east, north] = ground.city.bounds;
  const map = new maplibre.Map({
    container: document.querySelector('.registry-map .map'), style: baseStyle(ground, shownTheme()), attributionControl: false, fadeDuration: 0, minZoom: 7, maxZoom: 19, dragRotate: false,
    cancelPendingTileRequestsWhileZooming: true, localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    ...(view ?? { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 } }),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
  showAttributions(map, ground.attributions);
  map.on('error', ({ error }) => error?.status !== 0 && console.warn('map', error?.message));
  return map;
}

function densityLayers({ kind, measure, unit, layers }, theme) {
  const { colours, stops } = scaleOf(measure, kind, theme);
  const value = ['get', PROPERTY[measure]];
  const ramp = ['interpolate', ['linear'], value, ...stops.flatMap((stop, at) => [stop, colours[at]])];
  const { ground } = paletteOf(theme);
  const known = ['has', 'n'], source = { source: 'density' };
  const of = (name, minzoom, maxzoom) => [
    { id: `density-${name}`, type: 'fill', ...source, 'source-layer': name, minzoom, maxzoom, paint: { 'fill-color': ['case', known, ramp, ground.square], 'fill-opacity': ['case', known, name === 'hex' ? 0.74 : 0.86, 0.35] } },
    { id: `density-${name}-edge`, type: 'line', ...source, 'source-layer': name, minzoom, maxzoom, paint: { 'line-color': ground.beyond, 'line-width': 0.7 } },
    { id: `density-${name}-few`, type: 'line', ...source, 'source-layer': name, minzoom, maxzoom, filter: ['has', 'few'], paint: { 'line-color': ground.cell, 'line-width': 1, 'line-dasharray': [2, 2] } },
  ];
  if (unit === 'hex') return of('hex', 0, 24);
  const wide = layers[0], narrow = layers.at(-1);
  const far = wide && wide !== narrow ? [...of(wide, 0, CELLS_FROM), ...of(narrow, CELLS_FROM, unit === 'building' ? BUILDINGS_FROM : 24)] : narrow ? of(narrow, 0, unit === 'building' ? BUILDINGS_FROM : 24) : [];
  return unit === 'building' ? [...far, ...of('building', narrow ? BUILDINGS_FROM : 0, 24)] : far;
}
