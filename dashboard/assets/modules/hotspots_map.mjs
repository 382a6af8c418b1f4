/* The map of an analysis: its cells over the ground, a tip with what a cell says, the outline of the hotspot that is opened. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { baseStyle } from './cells_map.mjs';
import { spotLayers, TRENDS } from './hotspots_style.mjs';
import { element } from './page.mjs';
import { shownTheme } from './theme.mjs';

const PADDING = 40;
const NEAREST = 14.5;

/** How hotspots are drawn: where their tiles are, their layers, what a cell says under the mouse. */
const SPOTS = {
  tiles: (query) => `${location.origin}/tiles/hotspots/{z}/{x}/{y}.mvt?${query}`,
  layers: spotLayers,
  tip(page, { n, b, c, z, t }) {
    const verdict = page.say(c === 0 ? 'tip.nothing' : c > 3 ? `class.${c}` : c > 0 ? 'tip.hot' : 'tip.cold', { z: (z / 100).toFixed(1) });
    return [page.say('tip.cases', { n, b }), verdict, ...(t ? [page.say(`trend.${TRENDS[t]}`)] : [])];
  },
};

export class SpotMap {
  /** @param {{ ground: object, page: object, view: object|null, onMove: () => void, drawing?: typeof SPOTS }} wanted `drawing`: of other cells */
  constructor({ ground, page, view, onMove, drawing = SPOTS }) {
    Object.assign(this, { ground, page, drawing });
    const [west, south, east, north] = ground.city.bounds;
    this.map = new maplibre.Map({
      container: document.querySelector('.spots-map .map'), style: baseStyle(ground, shownTheme()), attributionControl: false, fadeDuration: 0, minZoom: 6, maxZoom: 18, dragRotate: false,
      localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
      ...(view ?? { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: PADDING } }),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
    showAttributions(this.map, ground.attributions);
    this.map.on('error', ({ error }) => error?.status !== 0 && console.warn('map', error?.message));
    this.tip = element('div', 'cells-tip');
    this.tip.hidden = true;
    this.map.getContainer().append(this.tip);
    this.map.on('mousemove', 'spot', (event) => this.hover(event));
    this.map.on('mouseleave', 'spot', () => (this.tip.hidden = true));
    this.map.on('moveend', onMove);
    this.ready = new Promise((done) => this.map.once('style.load', done));
    addEventListener('needle:theme', () => this.restyle());
    new ResizeObserver(() => this.map.resize()).observe(this.map.getContainer());
  }

  /** Show an analysis. @param {string} query of the tiles @param {'significance'|'change'|'trend'|'density'} view */
  async show(query, view) {
    await this.ready;
    const { map } = this;
    const same = this.query === query && map.getSource('spots');
    Object.assign(this, { query, view });
    for (const id of ['spot-edge', 'spot']) if (map.getLayer(id)) map.removeLayer(id);
    if (!same) {
      if (map.getSource('spots')) map.removeSource('spots');
      map.addSource('spots', { type: 'vector', tiles: [this.drawing.tiles(query)], minzoom: 5, maxzoom: 14 });
    }
    for (const layer of this.drawing.layers(view, shownTheme())) map.addLayer(layer, map.getLayer('street-name') ? 'street-name' : undefined);
  }

  hover({ point, features: [found] }) {
    const lines = this.drawing.tip(this.page, found.properties);
    this.tip.hidden = false;
    this.tip.replaceChildren(...lines.map((line, at) => element(at ? 'span' : 'b', '', line)));
    this.tip.style.transform = `translate(${Math.round(point.x + 14)}px, ${Math.round(point.y + 14)}px)`;
  }

  fit(bounds) {
    if (bounds) this.map.fitBounds([[bounds[0], bounds[1]], [bounds[2], bounds[3]]], { padding: PADDING, maxZoom: NEAREST, duration: 0 });
  }

  /** Mark the hotspot that is opened, or none. */
  mark(at) {
    this.marker ??= new maplibre.Marker({ element: element('div', 'selection') });
    if (!at) return void this.marker.remove();
    this.marker.setLngLat(at).addTo(this.map);
    this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), 12.5), duration: 400 });
    return undefined;
  }

  restyle() {
    this.map.setStyle(baseStyle(this.ground, shownTheme()), { diff: false });
    this.ready = new Promise((done) => this.map.once('style.load', done));
    if (this.query) this.show(this.query, this.view);
  }

  written() {
    const center = this.map.getCenter();
    return [this.map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)].join('/');
  }
}
