/* The registry: one page, five rooms. /registry is the map, /registry/review doubtful pairs, /registry/import tables that are brought,
   /registry/keys the departments' keys, and /registry/<code> a record. */

const ROOMS = { review: './registry_review.mjs', import: './registry_import.mjs', keys: './registry_keys.mjs' };

/** @param {object} config of the page */
export async function start(config) {
  const name = decodeURIComponent(location.pathname).replace(/\/$/, '').split('/')[2] ?? '';
  document.querySelector('.registry').dataset.room = ROOMS[name] ? name : name ? 'record' : 'home';
  if (!name) return (await import('./registry_home.mjs')).open(config);
  if (ROOMS[name]) return (await import(ROOMS[name])).open(config);
  return (await import('./registry_record.mjs')).open(config, name);
}
