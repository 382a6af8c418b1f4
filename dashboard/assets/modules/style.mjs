/* The map's style: our own tiles, our own colours, no glyphs and nothing from elsewhere. */

import { areaLabel, areaLines, buildings, cells, land, landscape, streetNames, streets } from './base_style.mjs';
import { candidateLines, candidateMarks, cases, heat, teams, threads } from './case_style.mjs';
import { GROUND } from './palette.mjs';

const EMPTY = { type: 'FeatureCollection', features: [] };

export function mapStyle(snapshot) {
  return { version: 8, sources: sources(snapshot.version), layers: layers(snapshot) };
}

export function tileAddress(source, version) {
  return `${location.origin}/tiles/${source}/{z}/{x}/{y}.mvt?v=${version}`;
}

function sources(version) {
  const tiles = (source, minzoom, maxzoom = 16) => ({ type: 'vector', tiles: [tileAddress(source, version)], minzoom, maxzoom });
  const live = () => ({ type: 'geojson', data: EMPTY });
  return {
    base: tiles('base', 8), area: tiles('area', 6, 14), cell: tiles('cell', 14, 15),
    cases: live(), teams: live(), threads: live(), candidates: live(), selection: live(),
  };
}

function layers(snapshot) {
  const widest = snapshot.layers.find((layer) => layer.kind === 'area') || snapshot.layers[0];
  return [
    { id: 'beyond', type: 'background', paint: { 'background-color': GROUND.beyond } },
    ...(widest ? land(widest.name) : []),
    ...landscape(), ...streets(), ...buildings(), ...cells(),
    ...snapshot.layers.filter((layer) => layer.kind !== 'grid').flatMap(areaLines),
    ...streetNames(), ...heat(), ...threads(), ...candidateLines(),
    ...snapshot.layers.filter((layer) => layer.kind !== 'grid').reverse().map(areaLabel),
    ...cases(), ...teams(), ...candidateMarks(),
  ];
}
