/* The map of patrols: cells by a measure, what nobody saw of the chosen one, and the way of a day. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { FONT } from './base_style.mjs';
import { baseStyle } from './cells_map.mjs';
import { element } from './page.mjs';
import { paletteOf } from './palette.mjs';
import { percent, scaleOf } from './patrol_measures.mjs';
import { shownTheme } from './theme.mjs';

const NOTHING = { type: 'FeatureCollection', features: [] };
const COMMUNITIES_FROM = 10, CELLS_FROM = 12;
const CLOSER = 2;
const ALL = 24;

export class PatrolMap {
  /** @param {{ ground: object, page: object, view: object|null, onCell: (id: number) => void, onCase: (id: number) => void, onMove: () => void }} wanted */
  constructor({ ground, page, view, onCell, onCase, onMove }) {
    Object.assign(this, { ground, page, onCell, onCase, onMove, data: { gaps: NOTHING, way: NOTHING, walked: NOTHING, spots: NOTHING } });
    const [west, south, east, north] = ground.city.bounds;
    this.map = new maplibre.Map({
      container: document.querySelector('.cells-map .map'), style: baseStyle(ground, shownTheme()), attributionControl: false, fadeDuration: 0, minZoom: 7, maxZoom: 19, dragRotate: false,
      cancelPendingTileRequestsWhileZooming: true, localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
      ...(view ?? { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 } }),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
    showAttributions(this.map, ground.attributions);
    this.tip = Object.assign(element('div', 'cells-tip'), { hidden: true });
    this.map.getContainer().append(this.tip);
    this.ready = new Promise((done) => this.map.once('style.load', done)).then(() => this.listen());
    addEventListener('needle:theme', () => this.restyle());
    new ResizeObserver(() => this.map.resize()).observe(this.map.getContainer());
  }

  listen() {
    const { map } = this;
    map.on('click', (event) => this.click(event));
    map.on('mousemove', (event) => this.hover(event));
    map.on('mouseout', () => (this.tip.hidden = true));
    map.on('moveend', () => this.onMove());
  }

  /** Show a period. @param {{ days: number, last: string, mark: number, levels: string[], measure: string }} asked */
  async show(asked) {
    await this.ready;
    const { map } = this;
    const moved = this.asked && ['days', 'last', 'mark'].every((key) => this.asked[key] === asked[key]);
    this.asked = asked;
    if (moved && map.getSource('patrol')) return this.recolour();
    return this.lay();
  }

  lay() {
    const { map, asked } = this, { days, last, mark } = asked;
    for (const { id } of this.layers()) if (map.getLayer(id)) map.removeLayer(id);
    if (map.getSource('patrol')) map.removeSource('patrol');
    map.addSource('patrol', { type: 'vector', tiles: [`${location.origin}/tiles/patrol/${days}/${last}/{z}/{x}/{y}.mvt?n=${mark}`], minzoom: 6, maxzoom: 14 });
    for (const [name, data] of Object.entries(this.data)) if (!map.getSource(name)) map.addSource(name, { type: 'geojson', data });
    for (const layer of this.layers()) map.addLayer(layer, layer.over || !map.getLayer('street-name') ? undefined : 'street-name');
    this.choose(this.chosen ?? null);
  }

  layers() {
    const { asked, page } = this, theme = shownTheme(), { ground } = paletteOf(theme), tones = paletteOf(theme);
    const { colour } = scaleOf(page, asked.measure, theme);
    const ranges = new Map(), chosen = ['boolean', ['feature-state', 'chosen'], false];
    for (const [name, from, to] of [[asked.levels[0], 0, COMMUNITIES_FROM], [asked.levels.at(-2) ?? asked.levels[0], COMMUNITIES_FROM, CELLS_FROM], [asked.levels.at(-1), CELLS_FROM, ALL]]) {
      const known = ranges.get(name);
      ranges.set(name, [known ? known[0] : from, to]);
    }
    const fills = [...ranges].flatMap(([name, [minzoom, maxzoom]]) => [
      { id: `patrol-${name}`, type: 'fill', source: 'patrol', 'source-layer': name, minzoom, maxzoom, paint: { 'fill-color': colour, 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.78, 16, 0.42] } },
      { id: `patrol-${name}-edge`, type: 'line', source: 'patrol', 'source-layer': name, minzoom, maxzoom, paint: { 'line-color': ['case', chosen, tones.chosen, ground.beyond], 'line-width': ['interpolate', ['linear'], ['zoom'], 12, ['case', chosen, 3, 0.25], 15, ['case', chosen, 3.5, 1]] } },
    ]);
    const point = (kind) => ['all', ['==', ['geometry-type'], 'Point'], ['==', ['get', 'kind'], kind]];
    return [
      ...fills,
      { id: 'gaps', type: 'line', source: 'gaps', layout: { 'line-cap': 'round' }, paint: { 'line-color': tones.overdue, 'line-width': 4 } },
      { id: 'way', type: 'line', source: 'way', layout: { 'line-join': 'round' }, paint: { 'line-color': ground.label, 'line-width': 1.6, 'line-opacity': 0.55 } },
      { id: 'walked', type: 'line', source: 'walked', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': tones.chosen, 'line-width': 3.4 } },
      { id: 'stop', type: 'circle', source: 'spots', filter: point('stop'), paint: { 'circle-radius': ['interpolate', ['linear'], ['get', 'minutes'], 3, 6, 30, 14], 'circle-color': ground.halo, 'circle-opacity': 0.75, 'circle-stroke-color': tones.chosen, 'circle-stroke-width': 1.6 } },
      { id: 'stop-minutes', type: 'symbol', source: 'spots', filter: point('stop'), minzoom: 14.5, layout: { 'text-field': ['to-string', ['get', 'minutes']], 'text-font': FONT, 'text-size': 10.5, 'text-allow-overlap': true }, paint: { 'text-color': ground.label } },
      { id: 'way-case', type: 'circle', source: 'spots', filter: point('case'), paint: { 'circle-radius': ['case', ['get', 'found'], 6.5, 4.5], 'circle-color': ['case', ['get', 'found'], tones.tone.new, tones.tone.work], 'circle-stroke-color': ground.halo, 'circle-stroke-width': 1.5 } },
      { id: 'here', type: 'circle', source: 'spots', filter: point('here'), paint: { 'circle-radius': 8, 'circle-color': tones.chosen, 'circle-stroke-color': ground.halo, 'circle-stroke-width': 3 } },
    ];
  }

  recolour() {
    const { map } = this;
    for (const { id, type, paint } of this.layers()) if (type === 'fill') map.setPaintProperty(id, 'fill-color', paint['fill-color']);
  }

  /** The fill under a point, in the finest layer that is drawn there. */
  under(point) {
    const layers = (this.asked?.levels ?? []).map((name) => `patrol-${name}`).filter((id) => this.map.getLayer(id));
    return layers.length ? this.map.queryRenderedFeatures(point, { layers })[0] : undefined;
  }

  click({ point, lngLat }) {
    const [onCase] = this.map.getLayer('way-case') ? this.map.queryRenderedFeatures(point, { layers: ['way-case'] }) : [];
    if (onCase) return this.onCase(onCase.properties.id);
    const found = this.under(point);
    if (!found) return undefined;
    if (found.sourceLayer !== this.asked.levels.at(-1)) return this.map.easeTo({ center: lngLat, zoom: this.map.getZoom() + CLOSER, duration: 400 });
    return this.onCell(found.id);
  }

  hover({ point }) {
    const { map, page, tip } = this;
    const found = this.under(point);
    map.getCanvas().style.cursor = found ? 'pointer' : '';
    tip.hidden = !found;
    if (!found) return;
    const said = found.properties, share = (key) => (said[key] === undefined ? '—' : percent(said[key] / 1000));
    const lines = [
      page.say('patrol.tip.seen', { streets: share('s'), buildings: share('b') }),
      said.v === undefined ? page.say('patrol.never') : said.v < 1 ? page.say('patrol.class.today') : page.say('patrol.days_ago', { n: said.v }),
      page.say('patrol.tip.cases', { opened: said.o ?? 0, closed: said.c ?? 0, overdue: said.d ?? 0 }),
    ];
    tip.replaceChildren(element('b', '', page.say(`level.${found.sourceLayer}`)), ...lines.map((line) => element('span', '', line)));
    tip.style.transform = `translate(${Math.round(point.x + 14)}px, ${Math.round(point.y + 14)}px)`;
  }

  /** Set off a cell by its id on the map, or none. */
  choose(id) {
    const { map } = this, sourceLayer = this.asked?.levels.at(-1);
    if (map.getSource('patrol') && this.chosen) map.removeFeatureState({ source: 'patrol', sourceLayer, id: this.chosen });
    this.chosen = id;
    if (map.getSource('patrol') && id) map.setFeatureState({ source: 'patrol', sourceLayer, id }, { chosen: true });
  }

  async put(name, features) {
    await this.ready;
    this.data[name] = { ...NOTHING, features };
    this.map.getSource(name)?.setData(this.data[name]);
  }

  drawGaps(lines) {
    return this.put('gaps', lines.length ? [{ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } }] : []);
  }

  goTo(at, zoom = 16) {
    this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), zoom), duration: 500 });
  }

  fit(bounds, padding = 48) {
    if (!bounds) return;
    const [west, south, east, north] = bounds;
    this.map.fitBounds([[west, south], [east, north]], { padding, maxZoom: 16.5, duration: 0 });
  }

  restyle() {
    this.map.setStyle(baseStyle(this.ground, shownTheme()), { diff: false });
    this.map.once('style.load', () => this.asked && this.lay());
  }

  written() {
    const center = this.map.getCenter();
    return [this.map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)].join('/');
  }
}
