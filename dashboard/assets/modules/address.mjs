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

/* Commas and colons may stand in a query as they are (RFC 3986); people read them in links. */
const readable = (query) => query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%3B', ';');
