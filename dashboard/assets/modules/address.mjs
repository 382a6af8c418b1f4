/* The page's state in its address: view in the fragment, selected case, layers and language in the query. */

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
  put(query, 'case', selected);
  put(query, 'layers', layers && layers.join(','));
  const center = map.getCenter();
  const view = [map.getZoom().toFixed(2), center.lat.toFixed(5), center.lng.toFixed(5)];
  if (Math.abs(map.getBearing()) > 0.5 || map.getPitch() > 0.5) view.push(map.getBearing().toFixed(0), map.getPitch().toFixed(0));
  const search = query.size ? `?${query.toString().replaceAll('%2C', ',')}` : '';
  history.replaceState(history.state, '', `${location.pathname}${search}#${view.join('/')}`);
}

export function otherLanguage(language) {
  const query = new URLSearchParams(location.search);
  query.set('lang', language === 'zh' ? 'en' : 'zh');
  return `${location.pathname}?${query.toString().replaceAll('%2C', ',')}${location.hash}`;
}

function put(query, key, value) {
  if (value === null || value === undefined) query.delete(key);
  else query.set(key, value);
}
