/* Who and what the registry holds in one building: rooms in order, households and people under each. */

import { h } from './forms_dom.mjs';
import { kindIcon } from './registry_find.mjs';
import { stateOf } from './states.mjs';

/** @returns {HTMLElement[]} what stands over the side while a building is open */
export function atBuilding(page, { name, lines, more }, back) {
  const head = h('header', { class: 'doors-head' }, back, h('h2', { text: name }), h('span', { class: 'registry-at-n', text: page.say('at_n', { n: page.number.format(lines.length) }) }));
  if (!lines.length) return [head, stateOf('empty', { title: page.say('at_none'), text: page.say('at_none_text'), icon: 'building-2' })];
  const rooms = Map.groupBy(lines, ({ place }) => place || page.say('at_nowhere'));
  const list = h('div', { class: 'doors-list' }, [...rooms].map(([place, found]) => h('section', { class: 'registry-room-of' }, h('h3', { text: place }), found.map((one) => line(page, one)))), more ? h('p', { class: 'cells-note', text: page.say('at_more') }) : null);
  return [head, list];
}

function line(page, one) {
  const about = [page.say(`kind.${one.kind}`), one.sex ? page.say(`sex.${one.sex}`) : null, one.born ? page.say('born', { year: one.born }) : null, one.phone].filter(Boolean).join(' · ');
  const marks = ['missing', 'stale'].filter((name) => one[name]).map((name) => h('span', { class: `registry-chip is-${name}`, text: page.say(`chip.${name}`) }));
  return h('a', { class: 'registry-line', href: `/registry/${one.code}` }, kindIcon(one.kind), h('b', { text: one.name }), h('span', { text: about }), marks);
}
