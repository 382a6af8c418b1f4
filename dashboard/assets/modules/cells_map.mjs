/* The map of coverage: neighbourhoods and cells by the share that answered, buildings by the outcome that most are in. What changes is laid
   over the tiles by id (feature state), so that an answer is seen without a tile being fetched. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { areaLabel, areaLines, byZoom, cells, FONT, land, landscape, landscapeNames, streetNames, streets } from './base_style.mjs';
import { OUTCOMES } from './cells_counts.mjs';
import { element } from './page.mjs';
import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';

const NOTHING = { type: 'FeatureCollection', features: [] };
/** A feature's numbers, in the order of the live message behind its id. */
const NUMBERS = ['s', 'a', 'k', 'l', 'd', 'e', 't'];
export const CELLS_FROM = 12;
export const BUILDINGS_FROM = 14;
const CLOSE_ZOOM = 16.4;
const number = (name) => ['coalesce', ['feature-state', name], ['get', name], 0];

/** The five outcomes' colours in a theme: those of the tones of cases, which hold for any colour vision. */
export function colours(theme) {
  const { tone, overdue } = paletteOf(theme);
  return { answered: tone.check, refused: overdue, not_reachable: tone.new, vacant: tone.done, unknown: tone.work };
}

export class CellsMap {
  /** @param {{ ground: object, page: object, onBuilding: (id: number) => void, onArea: (layer: string, code: number) => void, onMove: () => void }} wanted */
  constructor({ ground, page, view, onBuilding, onMove }) {
    Object.assign(this, { ground, page, onBuilding, onMove, areas: [] });
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
    map.on('click', 'cover-building', ({ features }) => this.onBuilding(features[0].id));
    map.on('mousemove', (event) => this.hover(event));
    map.on('mouseout', () => (this.tip.hidden = true));
    map.on('moveend', () => this.onMove());
  }

  /** Show an asking. `layers`: what it is drawn by, from wide to narrow. */
  async show(outreach, layers) {
    await this.ready;
    Object.assign(this, { outreach, layers });
    this.fresh = (this.fresh ?? 0) + 1;
    this.addCover();
  }

  addCover() {
    const { map } = this;
    for (const { id } of coverLayers(this.layers, shownTheme())) if (map.getLayer(id)) map.removeLayer(id);
    if (map.getSource('coverage')) map.removeSource('coverage');
    map.addSource('coverage', { type: 'vector', tiles: [`${location.origin}/tiles/coverage/${this.outreach}/{z}/{x}/{y}.mvt?n=${this.fresh}`], minzoom: 6, maxzoom: 16 });
    for (const layer of coverLayers(this.layers, shownTheme())) map.addLayer(layer, map.getLayer('street-name') ? 'street-name' : undefined);
  }

  /** Everything may be otherwise: fetch the tiles anew. */
  reload() {
    if (!this.outreach) return;
    this.fresh += 1;
    this.map.removeFeatureState({ source: 'coverage', sourceLayer: 'building' });
    this.addCover();
  }

  /** Lay what changed over the tiles. @param {Record<string, number[][]>} features by layer: id, then `NUMBERS` */
  patch(features) {
    for (const [sourceLayer, rows] of Object.entries(features)) {
      for (const [id, ...numbers] of rows) {
        this.map.setFeatureState({ source: 'coverage', sourceLayer, id }, Object.fromEntries(NUMBERS.map((name, at) => [name, numbers[at]])));
      }
    }
  }

  hover({ point }) {
    const { map, page } = this;
    const layers = coverLayers(this.layers ?? [], shownTheme()).filter(({ type, id }) => type === 'fill' && map.getLayer(id)).map(({ id }) => id);
    const [found] = layers.length ? map.queryRenderedFeatures(point, { layers }) : [];
    map.getCanvas().style.cursor = found?.sourceLayer === 'building' ? 'pointer' : '';
    this.tip.hidden = !found;
    if (!found) return;
    const said = { ...found.properties, ...found.state };
    const lines = [
      ...(said.k ? [page.say('tip.known', { a: said.a ?? 0, k: said.k })] : []),
      ...(said.d ? [found.sourceLayer === 'building' ? page.say('tip.door', { t: said.t ?? 0 }) : page.say('tip.doors', { e: said.e ?? 0, d: said.d })] : []),
      said.l ? page.say('tip.left', { n: said.l }) : page.say('tip.nothing_left'),
    ];
    const head = found.sourceLayer === 'building' ? page.say(`outcome.${OUTCOMES[said.s]}`) : page.say(`level.${found.sourceLayer}`);
    this.tip.replaceChildren(element('b', '', head), ...lines.map((line) => element('span', '', line)));
    this.tip.style.transform = `translate(${Math.round(point.x + 14)}px, ${Math.round(point.y + 14)}px)`;
  }

  /** Mark the building that is opened, or none. */
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

  /** Draw the walk: its line, and its stops with their numbers. */
  async drawWalk(stops) {
    await this.ready;
    this.stops = stops;
    const { map } = this;
    const line = stops.length > 1 ? [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: stops.map(({ at }) => at) } }] : [];
    const points = stops.map(({ at }, k) => ({ type: 'Feature', properties: { n: String(k + 1), first: k === 0 }, geometry: { type: 'Point', coordinates: at } }));
    map.getSource('walk').setData({ ...NOTHING, features: [...line, ...points] });
    if (!stops.length) return;
    const box = stops.reduce((all, { at }) => all.extend(at), new maplibre.LngLatBounds(stops[0].at, stops[0].at));
    map.fitBounds(box, { padding: 60, maxZoom: 17, duration: 400 });
  }

  restyle() {
    const { map } = this;
    map.setStyle(baseStyle(this.ground, shownTheme()), { diff: false });
    map.once('style.load', () => {
      if (this.outreach) this.addCover();
      if (this.stops) this.drawWalk(this.stops);
    });
  }

  written() {
    const center = this.map.getCenter();
    return [this.map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)].join('/');
  }
}

function makeMap(ground, view) {
  const [west, south, east, north] = ground.city.bounds;
  const map = new maplibre.Map({
    container: document.querySelector('.cells-map .map'), style: baseStyle(ground, shownTheme()), attributionControl: false, fadeDuration: 0, minZoom: 7, maxZoom: 19, dragRotate: false,
    cancelPendingTileRequestsWhileZooming: true, localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    ...(view ?? { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 } }),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
  map.addControl(new maplibre.GeolocateControl({ trackUserLocation: true }), 'top-right');
  showAttributions(map, ground.attributions);
  map.on('error', ({ error }) => error?.status !== 0 && console.warn('map', error?.message));
  return map;
}

/** The ground alone: land, streets, buildings, borders. */
export function baseStyle(ground, theme) {
  const tiles = (source, minzoom, maxzoom) => ({ type: 'vector', tiles: [`${location.origin}/tiles/${source}/{z}/{x}/{y}.mvt?v=${ground.version}`], minzoom, maxzoom });
  const areas = ground.layers.filter(({ kind }) => kind === 'area');
  const { ground: palette } = paletteOf(theme);
  return {
    version: 8,
    sources: { base: tiles('base', 8, 16), area: tiles('area', 6, 14), cell: tiles('cell', 14, 15), walk: { type: 'geojson', data: NOTHING } },
    layers: [
      { id: 'beyond', type: 'background', paint: { 'background-color': palette.beyond } },
      ...(areas.length ? land(areas[0].name, theme) : []), ...landscape(theme), ...streets(theme),
      { id: 'building', type: 'fill', source: 'base', 'source-layer': 'building', minzoom: 14, paint: { 'fill-color': palette.building, 'fill-outline-color': palette.buildingEdge } },
      ...cells(theme), ...areas.flatMap((layer, index) => areaLines(layer, index, theme)), ...landscapeNames(theme), ...streetNames(theme),
      ...areas.map((layer, index) => areaLabel(layer, index, theme)).toReversed(), ...walk(theme),
    ],
  };
}

function coverLayers(layers, theme) {
  const tone = colours(theme), { ground } = paletteOf(theme);
  const source = { source: 'coverage' };
  const state = ['match', number('s'), ...OUTCOMES.slice(0, 4).flatMap((name, at) => [at, tone[name]]), tone.unknown];
  const share = ['/', ['+', number('a'), number('e')], ['max', 1, ['+', number('k'), number('d')]]];
  const ramp = ['interpolate', ['linear'], share, 0, ground.square, 0.5, mixed(ground.square, tone.answered), 1, tone.answered];
  const fill = (name, minzoom, maxzoom) => [
    { id: `cover-${name}`, type: 'fill', ...source, 'source-layer': name, minzoom, maxzoom, paint: { 'fill-color': ramp, 'fill-opacity': 0.82 } },
    { id: `cover-${name}-edge`, type: 'line', ...source, 'source-layer': name, minzoom, maxzoom, paint: { 'line-color': ground.beyond, 'line-width': 0.8 } },
  ];
  const wide = layers[0], narrow = layers.at(-1);
  return [
    ...(wide ? fill(wide, 0, CELLS_FROM) : []), ...(narrow ? fill(narrow, CELLS_FROM, BUILDINGS_FROM) : []),
    { id: 'cover-building', type: 'fill', ...source, 'source-layer': 'building', minzoom: BUILDINGS_FROM, paint: { 'fill-color': state, 'fill-opacity': ['case', ['>', number('d'), 0], 0.62, 0.95] } },
    { id: 'cover-building-edge', type: 'line', ...source, 'source-layer': 'building', minzoom: BUILDINGS_FROM, paint: { 'line-color': ['case', ['>', number('d'), 0], state, ground.beyond], 'line-width': byZoom(14, 0.3, 17, 1.6) } },
  ].filter(({ id }, at, all) => all.findIndex((one) => one.id === id) === at);
}

function walk(theme) {
  const { chosen, ground } = paletteOf(theme);
  const points = { source: 'walk', filter: ['==', ['geometry-type'], 'Point'] };
  return [
    { id: 'walk-line', type: 'line', source: 'walk', filter: ['==', ['geometry-type'], 'LineString'], layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': chosen, 'line-width': 2.4, 'line-dasharray': [1, 1.6] } },
    { id: 'walk-stop', type: 'circle', ...points, paint: { 'circle-radius': ['case', ['get', 'first'], 11, 9], 'circle-color': chosen, 'circle-stroke-color': ground.beyond, 'circle-stroke-width': 1.5 } },
    { id: 'walk-number', type: 'symbol', ...points, layout: { 'text-field': ['get', 'n'], 'text-font': FONT, 'text-size': 11, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': theme === 'light' ? '#ffffff' : '#170600' } },
  ];
}

/* Half of each colour. */
function mixed(one, other) {
  const parts = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const [a, b] = [parts(one), parts(other)];
  return `#${a.map((value, at) => Math.round((value + b[at]) / 2).toString(16).padStart(2, '0')).join('')}`;
}
