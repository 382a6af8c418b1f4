/* The map's style: our own tiles, our own colours, no glyphs and nothing from elsewhere. */

import { areaLabel, areaLines, buildingNames, buildings, cells, land, landscape, landscapeNames, streetNames, streets, sun } from './base_style.mjs';
import { HANDOVER } from './case_scale.mjs';
import { MAP_STATE, caseLayers, doneLayers, leftOut } from './case_style.mjs';
import { tileAddresses } from './cases.mjs';
import { heat, hexCounts, hexes } from './hex_style.mjs';
import { paletteOf } from './palette.mjs';
import { candidateLines, candidateMarks, teams, threads } from './team_style.mjs';

const EMPTY = { type: 'FeatureCollection', features: [] };

export function mapStyle(snapshot, page, where, theme = 'dark') {
  return { version: 8, state: MAP_STATE, light: sun(theme), sources: sources(snapshot.version, tileAddresses(where, page.now())), layers: layers(snapshot, page, theme) };
}

function sources(version, addresses) {
  const tiles = (address, minzoom, maxzoom) => ({ type: 'vector', tiles: [address], minzoom, maxzoom });
  const ground = (source, minzoom, maxzoom = 16) => tiles(`${location.origin}/tiles/${source}/{z}/{x}/{y}.mvt?v=${version}`, minzoom, maxzoom);
  const live = () => ({ type: 'geojson', data: EMPTY });
  return {
    base: ground('base', 8), area: ground('area', 6, 14), cell: ground('cell', 14, 15),
    hexes: tiles(addresses.hexes, 4, Math.floor(HANDOVER[0])), cases: tiles(addresses.cases, 12, 16), done: tiles(addresses.done, 13, 16),
    teams: live(), threads: live(), candidates: live(),
  };
}

function layers(snapshot, page, theme) {
  const named = snapshot.layers.filter((layer) => layer.kind !== 'grid');
  const widest = snapshot.layers.find((layer) => layer.kind === 'area') || snapshot.layers[0];
  return [
    { id: 'beyond', type: 'background', paint: { 'background-color': paletteOf(theme).ground.beyond } },
    ...(widest ? land(widest.name, theme) : []),
    ...landscape(theme), ...streets(theme), ...buildings(theme), ...cells(theme), ...hexes(theme), ...heat(theme),
    ...named.flatMap((layer, index) => areaLines(layer, index, theme)), ...landscapeNames(theme), ...buildingNames(theme), ...streetNames(theme), ...threads(theme), ...candidateLines(theme),
    ...named.map((layer, index) => areaLabel(layer, index, theme)).toReversed(),
    ...doneLayers(theme), ...caseLayers(theme), ...leftOut(page, theme),
    ...hexCounts(theme), ...teams(theme), ...candidateMarks(theme),
  ];
}
