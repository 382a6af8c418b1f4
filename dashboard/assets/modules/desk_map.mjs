/* The map beside the table: the same filter, the rows that are picked, the open case with its candidates; lasso and box filter. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { CASE_LAYERS } from './case_style.mjs';
import { tileAddresses } from './cases.mjs';
import { drawBox, drawLasso } from './desk_draw.mjs';
import { addIcons } from './icons.mjs';
import { element } from './page.mjs';
import { mapStyle } from './style.mjs';
import { shownTheme } from './theme.mjs';
import { repaint } from './view.mjs';

const HIDDEN = ['heat-hex', 'heat-case', 'cell', 'cell-name', 'alarm', 'thread', 'team'];
const NOTHING = { type: 'FeatureCollection', features: [] };
const REACH = 6;
const CLOSE_ZOOM = 15;
const CLOCK_MS = 20_000;
const CASES = ['cases', 'done', 'hexes'];

export class DeskMap {
  constructor(desk, snapshot) {
    Object.assign(this, { desk, snapshot });
    this.bounds = snapshot.city.bounds;
    this.map = makeMap(desk, snapshot, viewOf(location.hash));
    this.marker = new maplibre.Marker({ element: element('div', 'selection') });
    this.ready = new Promise((done) => this.map.once('style.load', done)).then(() => this.settle());
    document.querySelector('.desk-tools').addEventListener('click', (event) => this.use(event.target.closest('[data-tool]')));
    new ResizeObserver(() => this.map.resize()).observe(this.map.getContainer());
  }

  settle() {
    const { map } = this;
    for (const id of HIDDEN) if (map.getLayer(id)) map.setLayoutProperty(id, 'visibility', 'none');
    for (const layer of this.desk.layers.filter(({ kind }) => kind === 'jurisdiction')) {
      for (const id of [`area-${layer.name}`, `area-${layer.name}-fill`, `area-${layer.name}-label`]) if (map.getLayer(id)) map.setLayoutProperty(id, 'visibility', 'none');
    }
    map.addSource('shape', { type: 'geojson', data: { ...NOTHING, features: shapes(this.desk.where) } });
    map.addLayer({ id: 'shape', type: 'fill', source: 'shape', paint: { 'fill-color': '#56b4e9', 'fill-opacity': 0.07 } });
    map.addLayer({ id: 'shape-edge', type: 'line', source: 'shape', paint: { 'line-color': '#56b4e9', 'line-width': 1.6, 'line-dasharray': [3, 2] } });
    addEventListener('needle:theme', () => repaint(map, this.snapshot, this.desk.mapPage, this.desk.where));
    map.addSource('picked', { type: 'geojson', data: NOTHING });
    map.addLayer({ id: 'picked', type: 'circle', source: 'picked', paint: { 'circle-radius': 8, 'circle-opacity': 0, 'circle-stroke-color': '#ffe08a', 'circle-stroke-width': 2.4 } });
    map.on('click', (event) => this.clicked(event));
    map.on('mousemove', (event) => {
      if (!this.drawing) map.getCanvas().style.cursor = this.caseAt(event.point) ? 'pointer' : '';
    });
    map.on('moveend', () => this.moved());
    this.tick();
    setInterval(() => this.tick(), CLOCK_MS);
  }

  tick() {
    this.map.setGlobalStateProperty('now', this.desk.page.now() / 60);
  }

  written() {
    const { map } = this;
    const center = map.getCenter();
    return this.touched ? [map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)].join('/') : undefined;
  }

  setWhere(where) {
    this.where = where;
    this.ready.then(() => {
      const addresses = tileAddresses(where, this.desk.page.now());
      for (const name of CASES) this.map.getSource(name).setTiles([addresses[name]]);
      this.map.getSource('shape').setData({ ...NOTHING, features: this.follows ? [] : shapes(where) });
    });
    for (const tool of ['lasso', 'box']) this.press(tool, Boolean(where[tool === 'lasso' ? 'polygon' : 'box']) && !this.follows);
    this.press('extent', Boolean(this.follows));
  }

  refresh() {
    this.setWhere(this.desk.where);
  }

  setBounds(bounds) {
    if (bounds) this.found = bounds;
  }

  /* --- what is picked in the table, and the one case --- */

  pick(rows) {
    const features = rows.filter((row) => row?.at).map((row) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: row.at }, properties: { id: row.id } }));
    this.ready.then(() => this.map.getSource('picked').setData({ ...NOTHING, features }));
  }

  mark(id, { fly = false } = {}) {
    const at = id && this.desk.grid?.rowOf(id)?.data?.at;
    if (!id) this.marker.remove();
    if (!at) return;
    this.marker.setLngLat(at).addTo(this.map);
    if (fly) this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), duration: 500 });
    else if (!this.map.getBounds().contains(at)) this.map.panTo(at, { duration: 300 });
  }

  async drawCandidates({ at, marks = [] }) {
    await this.ready;
    const features = at ? marks.flatMap((mark) => [
      { type: 'Feature', geometry: { type: 'LineString', coordinates: [mark.at, at] }, properties: mark },
      { type: 'Feature', geometry: { type: 'Point', coordinates: mark.at }, properties: mark },
    ]) : [];
    this.map.getSource('candidates').setData({ ...NOTHING, features });
    if (!at) return;
    this.marker.setLngLat(at).addTo(this.map);
    const box = marks.filter(({ free, chosen }) => free || chosen).slice(0, 5).reduce((all, mark) => all.extend(mark.at), new maplibre.LngLatBounds(at, at));
    this.map.resize();
    this.map.fitBounds(box, { padding: 36, maxZoom: CLOSE_ZOOM, duration: 500 });
  }

  caseAt({ x, y }) {
    const layers = CASE_LAYERS.filter((id) => this.map.getLayer(id));
    return this.map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]], { layers })[0];
  }

  clicked(event) {
    const found = !this.drawing && this.caseAt(event.point);
    if (found) this.desk.select(Number(found.id), { open: true, reveal: true });
  }

  moved() {
    this.touched = true;
    if (this.follows) this.filterExtent();
    else this.desk.remember();
  }

  /* --- tools --- */

  use(button) {
    const tool = button?.dataset.tool;
    if (tool === 'lasso') this.draw('polygon', 'lasso', drawLasso);
    else if (tool === 'box') this.draw('box', 'box', drawBox);
    else if (tool === 'extent') this.follow(!this.follows);
    else if (tool === 'fit') this.fit();
  }

  fit() {
    const [west, south, east, north] = this.found ?? this.bounds;
    this.map.fitBounds([[west, south], [east, north]], { padding: 40, maxZoom: CLOSE_ZOOM, duration: 500 });
  }

  /** Pressed again it takes the shape away. */
  async draw(key, tool, drawing) {
    if (this.cancel()) return;
    const { polygon, box, ...rest } = this.desk.where;
    if (key === 'polygon' ? polygon : box && !this.follows) return void this.desk.setWhere(rest);
    this.follows = false;
    this.press(tool, true);
    this.drawing = new AbortController();
    const shape = await drawing(this.map, this.drawing.signal);
    this.drawing = null;
    if (shape) this.desk.setWhere({ ...rest, [key]: shape });
    else this.press(tool, false);
  }

  /** @returns {boolean} whether something was being drawn */
  cancel() {
    if (!this.drawing) return false;
    this.drawing.abort();
    return true;
  }

  /** The table shows what the map shows. */
  follow(follows) {
    this.follows = follows;
    if (follows) return this.filterExtent();
    const { box: _box, ...rest } = this.desk.where;
    return this.desk.setWhere(rest);
  }

  filterExtent() {
    const bounds = this.map.getBounds();
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((degrees) => degrees.toFixed(5)).join(',');
    const { polygon: _polygon, ...rest } = this.desk.where;
    this.desk.setWhere({ ...rest, box });
  }

  press(tool, pressed) {
    document.querySelector(`[data-tool="${tool}"]`).setAttribute('aria-pressed', String(pressed));
  }
}

/* What the filter cuts out of the map. */
function shapes({ polygon, box }) {
  const [west, south, east, north] = box?.split(',').map(Number) ?? [];
  const rings = [
    ...(polygon ? [polygon.split(';').map((point) => point.trim().split(' ').map(Number))] : []),
    ...(box ? [[[west, south], [east, south], [east, north], [west, north]]] : []),
  ];
  return rings.map((ring) => ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] } }));
}

function viewOf(hash) {
  const view = hash.slice(1).split('/').map(Number);
  return view.length >= 3 && view.every(Number.isFinite) ? { zoom: view[0], center: [view[2], view[1]] } : null;
}

function makeMap(desk, snapshot, view) {
  const [west, south, east, north] = snapshot.city.bounds;
  const map = new maplibre.Map({
    container: desk.config.map, style: mapStyle(snapshot, desk.mapPage, desk.where, shownTheme()), attributionControl: false, fadeDuration: 120, minZoom: 7, maxZoom: 19, dragRotate: false,
    cancelPendingTileRequestsWhileZooming: true, localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    ...(view ?? { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: 24 } }),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
  showAttributions(map, snapshot.attributions);
  map.on('error', (event) => console.warn('map', event.error?.message));
  map.once('style.load', () => addIcons(map));
  return map;
}
