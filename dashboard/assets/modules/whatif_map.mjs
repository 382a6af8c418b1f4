/* The map of a plan: differences by cell beneath, above them the teams of a department, to be dragged, and the places that siting found. */

import { FONT } from './base_style.mjs';
import { SpotMap } from './hotspots_map.mjs';
import { spotColours } from './hotspots_style.mjs';
import { paletteOf } from './palette.mjs';
import { collection, point } from './teams.mjs';
import { shownTheme } from './theme.mjs';

export const LOSES = 4;
const QUIET = 0.16;

/** Orange is later, blue is sooner, in steps of lightness; the legend says them in words. */
function layers(_view, theme) {
  const { classes } = spotColours(theme);
  const of = ['match', ['get', 'c'], ...[-3, -2, -1, 1, 2, 3, LOSES].flatMap((kind) => [kind, classes[kind]]), classes[0]];
  return [
    { id: 'spot', type: 'fill', source: 'spots', 'source-layer': 'spot', paint: { 'fill-color': of, 'fill-opacity': ['case', ['==', ['get', 'c'], 0], QUIET, 0.72] } },
    { id: 'spot-edge', type: 'line', source: 'spots', 'source-layer': 'spot', minzoom: 10, paint: { 'line-color': of, 'line-width': 0.8, 'line-opacity': ['case', ['==', ['get', 'c'], 0], 0.3, 0.9] } },
  ];
}

const DRAWING = {
  tiles: (id) => `${location.origin}/tiles/whatif/${id}/{z}/{x}/{y}.mvt`,
  layers,
  tip(page, { n, c, b, a, l }) {
    const minutes = (seconds) => (seconds < 0 ? '–' : (seconds / 60).toFixed(1));
    const apart = b < 0 || a < 0 ? [] : [page.say(c === 0 ? 'tip.same' : a < b ? 'tip.sooner' : 'tip.later', { n: (Math.abs(a - b) / 60).toFixed(1) })];
    return [page.say('tip.cases', { n: page.number.format(n) }), page.say('tip.minutes', { before: minutes(b), after: minutes(a) }), ...(c === LOSES ? [] : apart), ...(l ? [page.say(l > 0 ? 'tip.loses' : 'tip.gains', { n: Math.abs(l) })] : [])];
  },
};

function overlays(theme) {
  const { ground } = paletteOf(theme);
  const { classes } = spotColours(theme);
  const ink = ['case', ['get', 'gone'], ground.faintLabel, ['get', 'changed'], classes[3], ground.label];
  return [
    { id: 'plan-way', type: 'line', source: 'plan', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': classes[3], 'line-width': 1.6, 'line-dasharray': [2, 2] } },
    { id: 'plan-team', type: 'circle', source: 'plan', filter: ['==', ['get', 'kind'], 'team'], paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, ['case', ['get', 'chosen'], 7, ['get', 'changed'], 6, 3.5], 13, ['case', ['get', 'chosen'], 11, ['get', 'changed'], 9, 7]], 'circle-color': ['case', ['get', 'gone'], 'rgba(0,0,0,0)', ['get', 'changed'], classes[3], ground.label], 'circle-stroke-color': ['case', ['get', 'gone'], ground.faintLabel, ground.halo], 'circle-stroke-width': 2 } },
    { id: 'plan-name', type: 'symbol', source: 'plan', minzoom: 11, filter: ['==', ['get', 'kind'], 'team'], layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11.5, 'text-offset': [0, 1.2], 'text-anchor': 'top', 'text-optional': true }, paint: { 'text-color': ink, 'text-halo-color': ground.halo, 'text-halo-width': 1.4 } },
    { id: 'plan-site', type: 'circle', source: 'plan', filter: ['==', ['get', 'kind'], 'site'], paint: { 'circle-radius': 12, 'circle-color': classes[-3], 'circle-stroke-color': ground.halo, 'circle-stroke-width': 2 } },
    { id: 'plan-site-number', type: 'symbol', source: 'plan', filter: ['==', ['get', 'kind'], 'site'], layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 12, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': theme === 'light' ? '#ffffff' : '#06101c' } },
  ];
}

export class PlanMap extends SpotMap {
  /** @param {{ ground: object, page: object, view: object|null, onMove: () => void, onChoose: (key: string) => void, onDrop: (key: string, at: number[]) => void }} wanted */
  constructor(wanted) {
    super({ ...wanted, drawing: DRAWING });
    Object.assign(this, { onChoose: wanted.onChoose, onDrop: wanted.onDrop, marks: [] });
    this.ready.then(() => this.listen());
  }

  /** Show the cells of a what-if, or none. */
  async cells(id) {
    if (id) return this.show(String(id), 'difference');
    await this.ready;
    this.query = null;
    for (const layer of ['spot-edge', 'spot']) if (this.map.getLayer(layer)) this.map.removeLayer(layer);
    if (this.map.getSource('spots')) this.map.removeSource('spots');
    return this.over();
  }

  async show(query, view) {
    await super.show(query, view);
    this.over();
  }

  /** Draw teams and places. @param {{ key: string, kind: 'team'|'site', name: string, at: number[], from?: number[], changed?: boolean, gone?: boolean, chosen?: boolean }[]} marks */
  async plan(marks) {
    await this.ready;
    this.marks = marks;
    this.over();
  }

  over() {
    const { map } = this;
    const features = this.marks.flatMap(({ key, at, from, ...rest }) => [
      { ...point(undefined, at, { key, changed: false, gone: false, chosen: false, ...rest }) },
      ...(from ? [{ type: 'Feature', geometry: { type: 'LineString', coordinates: [from, at] }, properties: {} }] : []),
    ]);
    if (map.getSource('plan')) map.getSource('plan').setData(collection(features));
    else map.addSource('plan', { type: 'geojson', data: collection(features) });
    for (const layer of overlays(shownTheme())) {
      if (map.getLayer(layer.id)) map.moveLayer(layer.id);
      else map.addLayer(layer);
    }
  }

  /* A team is taken with the mouse or a finger; the map stays where it is meanwhile. */
  listen() {
    const { map } = this;
    const begin = (event) => {
      const { key } = event.features[0].properties;
      event.preventDefault();
      this.onChoose(key);
      const follow = ({ lngLat }) => {
        this.dragged = true;
        this.marks = this.marks.map((mark) => (mark.key === key ? { ...mark, at: [lngLat.lng, lngLat.lat], changed: true } : mark));
        this.over();
      };
      const end = ({ lngLat }) => {
        for (const kind of ['mousemove', 'touchmove']) map.off(kind, follow);
        if (this.dragged) this.onDrop(key, [Number(lngLat.lng.toFixed(6)), Number(lngLat.lat.toFixed(6))]);
        this.dragged = false;
      };
      for (const kind of ['mousemove', 'touchmove']) map.on(kind, follow);
      for (const kind of ['mouseup', 'touchend']) map.once(kind, end);
    };
    for (const kind of ['mousedown', 'touchstart']) map.on(kind, 'plan-team', begin);
    map.on('mouseenter', 'plan-team', () => (map.getCanvas().style.cursor = 'grab'));
    map.on('mouseleave', 'plan-team', () => (map.getCanvas().style.cursor = ''));
  }

  restyle() {
    super.restyle();
    this.ready.then(() => this.over());
  }

  /** The middle of what is seen. */
  middle() {
    const { lng, lat } = this.map.getCenter();
    return [Number(lng.toFixed(6)), Number(lat.toFixed(6))];
  }

  /** Go to a place, where it is not in view. */
  go(at) {
    if (!this.map.getBounds().contains(at)) this.map.easeTo({ center: at, duration: 400 });
  }
}
