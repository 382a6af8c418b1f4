/* Where the ground of the map came from; licences such as the ODbL want it said on the map itself. */

import { element } from './page.mjs';

/** Write the attributions (plain texts) beside the map's scale; nothing where there are none. */
export function showAttributions(map, texts) {
  if (!texts?.length) return;
  map.addControl({ onAdd: () => element('p', 'maplibregl-ctrl map-attribution', texts.join(' · ')), onRemove() {} }, 'bottom-left');
}
