/* Where answers are from: our own ground, a point an answer in the colour of its review, gathered while one is far away. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { showAttributions } from './attribution.mjs';
import { areaLabel, areaLines, FONT, land, landscape, landscapeNames, streetNames, streets } from './base_style.mjs';
import { paletteOf } from './palette.mjs';
import { stateOf } from './states.mjs';
import { shownTheme } from './theme.mjs';

const CLUSTER = { cluster: true, clusterRadius: 34, clusterMaxZoom: 14 };
const maps = new WeakMap();

/** @param {object} answers the room @param {HTMLElement} place @param {number[][]} points [id, longitude, latitude, review] */
export async function drawMap(answers, place, points) {
  const { page } = answers;
  maps.get(place)?.remove();
  maps.delete(place);
  if (!points.length) return place.replaceChildren(stateOf('empty', { title: page.say('no_place'), text: page.say('no_place_text'), icon: 'map-pin' }));
  const host = Object.assign(document.createElement('div'), { className: 'map' });
  place.replaceChildren(host);
  const map = new maplibre.Map({ container: host, style: style(answers.form, points), bounds: boundsOf(points), fitBoundsOptions: { padding: 70, maxZoom: 16 }, attributionControl: false, fadeDuration: 0, dragRotate: false });
  maps.set(place, map);
  showAttributions(map, answers.form.attributions);
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), 'top-right');
  for (const layer of ['answer', 'answers']) {
    map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer'));
    map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''));
  }
  map.on('click', 'answer', ({ features }) => answers.open(features[0].id));
  map.on('click', 'answers', ({ features, lngLat }) => map.easeTo({ center: lngLat, zoom: map.getZoom() + 2, duration: features.length ? 300 : 0 }));
  new ResizeObserver(() => map.resize()).observe(host);
  await new Promise((done) => map.once('idle', done));
  host.dataset.points = points.length;
}

function style(form, points) {
  const theme = shownTheme();
  const { ground, tone, overdue } = paletteOf(theme);
  const tiles = (source, minzoom, maxzoom) => ({ type: 'vector', tiles: [`${location.origin}/tiles/${source}/{z}/{x}/{y}.mvt?v=${form.version}`], minzoom, maxzoom });
  const layers = form.layers.filter(({ kind }) => kind === 'area');
  const features = points.map(([id, lng, lat, review]) => ({ type: 'Feature', id, geometry: { type: 'Point', coordinates: [lng, lat] }, properties: { review } }));
  const colour = ['match', ['get', 'review'], 'approved', tone.check, 'issue', tone.new, 'rejected', overdue, tone.work];
  return {
    version: 8,
    sources: { base: tiles('base', 8, 16), area: tiles('area', 6, 14), answers: { type: 'geojson', data: { type: 'FeatureCollection', features }, ...CLUSTER } },
    layers: [
      { id: 'beyond', type: 'background', paint: { 'background-color': ground.beyond } },
      ...(layers.length ? land(layers[0].name, theme) : []), ...landscape(theme), ...streets(theme),
      ...layers.flatMap((layer, index) => areaLines(layer, index, theme)), ...landscapeNames(theme), ...streetNames(theme), ...layers.map((layer, index) => areaLabel(layer, index, theme)).toReversed(),
      { id: 'answers', type: 'circle', source: 'answers', filter: ['has', 'point_count'], paint: { 'circle-color': tone.work, 'circle-opacity': 0.82, 'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'point_count']], 1, 11, 40, 34] } },
      { id: 'answers-n', type: 'symbol', source: 'answers', filter: ['has', 'point_count'], layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-size': 12, 'text-font': FONT, 'text-allow-overlap': true }, paint: { 'text-color': '#ffffff' } },
      { id: 'answer', type: 'circle', source: 'answers', filter: ['!', ['has', 'point_count']], paint: { 'circle-color': colour, 'circle-radius': 6, 'circle-stroke-width': 1.5, 'circle-stroke-color': ground.beyond } },
    ],
  };
}

function boundsOf(points) {
  const [lngs, lats] = [1, 2].map((at) => points.map((point) => point[at]));
  return [[Math.min(...lngs), Math.min(...lats)], [Math.max(...lngs), Math.max(...lats)]];
}
