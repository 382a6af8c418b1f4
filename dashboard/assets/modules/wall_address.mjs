/* The wall's state in its address: the view in the fragment; filter, case, layers and wishes of the screen in the query. */

import { readLayers } from './layers.mjs';
import { WHERE_KEYS, readWhere, writeWhere } from './where.mjs';

export function readAddress() {
  const query = new URLSearchParams(location.search);
  const view = location.hash.slice(1).split('/').map(Number);
  return {
    view: view.length >= 3 && view.every(Number.isFinite) ? view : null,
    selected: Number(query.get('case')) || null,
    layers: readLayers(query.get('layers')),
    where: readWhere(query),
    span: query.get('span') === '30d' ? '30d' : '24h',
    tour: query.get('tour') === '1',
    sound: query.get('sound') === '1',
  };
}

/** Put the state into the address; other keys (language, theme, screen) stay as they are. */
export function writeAddress({ map, selected, layers, where, span, tour, sound }) {
  const query = new URLSearchParams(location.search);
  for (const key of WHERE_KEYS) query.delete(key);
  const put = (key, value) => (value ? query.set(key, value) : query.delete(key));
  put('case', selected);
  put('layers', layers === '' ? 'none' : layers);
  put('span', span === '30d' && span);
  put('tour', tour && '1');
  put('sound', sound && '1');
  const search = [readable(query), writeWhere(where)].filter(Boolean).join('&');
  history.replaceState(history.state, '', `${location.pathname}${search ? `?${search}` : ''}#${viewOf(map).join('/')}`);
}

function viewOf(map) {
  const center = map.getCenter();
  const view = [map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)];
  if (Math.abs(map.getBearing()) > 0.5 || map.getPitch() > 0.5) view.push(map.getBearing().toFixed(0), map.getPitch().toFixed(0));
  return view;
}

const readable = (query) => query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
