/* A small map on which areas of one layer are chosen by a click. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { baseStyle } from './cells_map.mjs';
import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';

export class AreaMap {
  /** @param {(layer: string, code: string, name: string) => void} onArea */
  constructor(container, ground, onArea) {
    const [west, south, east, north] = ground.city.bounds;
    this.map = new maplibre.Map({ container, style: baseStyle(ground, shownTheme()), attributionControl: false, fadeDuration: 0, dragRotate: false, bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 12 }, localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', sans-serif" });
    this.map.on('error', ({ error }) => error?.status !== 0 && console.warn('map', error?.message));
    this.ready = new Promise((done) => this.map.once('style.load', done)).then(() => {
      const { tone } = paletteOf(shownTheme());
      this.map.addLayer({ id: 'pick', type: 'fill', source: 'area', 'source-layer': 'area', filter: ['==', ['get', 'layer'], ''], paint: { 'fill-color': tone.work, 'fill-opacity': ['case', ['boolean', ['in', ['get', 'code'], ['literal', []]], false], 0.5, 0.02] } });
      this.map.on('click', 'pick', ({ features }) => onArea(features[0].properties.layer, features[0].properties.code, features[0].properties.name));
      this.map.on('mousemove', 'pick', () => (this.map.getCanvas().style.cursor = 'pointer'));
    });
  }

  /** Show which areas of a layer are chosen. */
  async mark(layer, codes) {
    await this.ready;
    this.map.setFilter('pick', ['==', ['get', 'layer'], layer]);
    this.map.setPaintProperty('pick', 'fill-opacity', ['case', ['in', ['get', 'code'], ['literal', codes]], 0.5, 0.02]);
  }
}
