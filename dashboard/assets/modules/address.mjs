/* A page's state in its address: what is filtered, chosen and opened stands in the query, so that a link shows the same again. */

/** @returns {URLSearchParams} a copy of the address's query */
export const readQuery = () => new URLSearchParams(location.search);

/**
 * Put changes into the address without loading anything.
 * @param {Record<string, string|number|null|undefined|false>} changes by key; nothing and false take a key out
 * @param {string} [fragment] without `#`; left as it is when not given
 */
export function writeQuery(changes, fragment) {
  history.replaceState(history.state, '', withQuery(changes, fragment));
}

/** The address with changes put in: for links. @returns {string} */
export function withQuery(changes, fragment = location.hash.slice(1)) {
  const query = readQuery();
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === false || value === '') query.delete(key);
    else query.set(key, String(value));
  }
  const search = readable(query);
  return `${location.pathname}${search && `?${search}`}${fragment && `#${fragment}`}`;
}

/** The same view in the other language. @param {'zh'|'en'} language the one shown */
export const otherLanguage = (language) => withQuery({ lang: language === 'zh' ? 'en' : 'zh' });

/* Commas and colons may stand in a query as they are (RFC 3986); people read them in links. */
const readable = (query) => query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%3B', ';');

export function readAddress() {
  const query = new URLSearchParams(location.search);
  const view = location.hash.slice(1).split('/').map(Number);
  return {
    view: view.length >= 3 && view.every(Number.isFinite) ? view : null,
    selected: Number(query.get('case')) || null,
    layers: query.has('layers') ? query.get('layers').split(',').filter(Boolean) : null,
  };
}

export function writeAddress({ map, selected, layers }) {
  const query = new URLSearchParams(location.search);
  selected ? query.set('case', selected) : query.delete('case');
  layers ? query.set('layers', layers.join(',')) : query.delete('layers');
  const center = map.getCenter();
  const view = [map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)];
  if (Math.abs(map.getBearing()) > 0.5 || map.getPitch() > 0.5) view.push(map.getBearing().toFixed(0), map.getPitch().toFixed(0));
  const search = query.size ? `?${query.toString().replaceAll('%2C', ',')}` : '';
  history.replaceState(history.state, '', `${location.pathname}${search}#${view.join('/')}`);
}
