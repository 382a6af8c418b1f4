/* What was found: the verdict first, also when it is nothing; then the hotspots, each with what lies behind it and a way to its cases. */

import { h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';
import { writeWhere } from './where.mjs';

/** @returns {HTMLElement[]} the sentence that the map must not be read without */
export function verdict(page, said) {
  const { number } = page;
  const parts = said.cases ? [] : [h('b', { text: page.say('none_title') }), h('p', { text: page.say('none_text') })];
  if (said.cases && !said.hot) parts.push(h('b', { class: 'is-nothing', text: page.say('nothing_title') }), h('p', { text: page.say('nothing_text', { cells: number.format(said.cells) }) }));
  if (said.hot) parts.push(h('b', { text: page.say('found', { n: number.format(said.pieces), cells: number.format(said.hot) }) }), h('p', { text: page.say('found_text', { share: Math.round((said.hot_cases / said.cases) * 100), cells: number.format(said.cells) }) }));
  if (said.cases) parts.push(h('p', { class: 'spots-moved', text: page.say('compared', { cases: number.format(said.cases), before: number.format(said.before), fresh: number.format(said.new), gone: number.format(said.gone) }) }));
  return parts;
}

/** The hotspots; the chosen one is open. */
export function list(spots, said) {
  const { page } = spots;
  return said.hotspots.map((one, at) => {
    const open = spots.spot === one.number;
    const ratio = one.expected ? (one.cases / one.expected).toFixed(1) : '—';
    const head = h('button', { type: 'button', class: 'spot-head', 'aria-expanded': String(open), onclick: () => spots.open(open ? null : one) },
      h('span', { class: 'spot-place', text: String(at + 1) }),
      h('b', { text: one.place || page.say('somewhere') }),
      h('span', { class: `spot-trend is-${one.trend}`, text: page.say(`trend.${one.trend}`) }),
      h('span', { class: 'spot-numbers', text: page.say('numbers', { cases: page.number.format(one.cases), ratio, before: page.number.format(one.before), cells: one.cells }) }));
    return h('article', { class: `spot${open ? ' is-open' : ''}`, 'data-number': one.number }, head, open ? behind(spots, one) : null);
  });
}

function behind(spots, one) {
  const { page } = spots;
  const host = h('div', { class: 'spot-behind' });
  const q = one.q < 0.001 ? '< 0.001' : one.q.toFixed(3);
  const desk = `/desk?${writeWhere({ ...spots.where, ...one.where, from: String(spots.said.question.since), to: String(spots.said.question.until) })}`;
  const link = h('a', { class: 'desk-button is-main', href: desk }, icon('table-2'), h('span', { text: page.say('open_cases', { n: page.number.format(one.cases) }) }));
  host.append(h('p', { class: 'spot-numbers', text: page.say('significance_of', { z: one.z.toFixed(1), q }) }), link);
  get(page, `/api/hotspots/${one.number}/behind?${spots.settled()}`).then((said) => host.append(...groups(page, said))).catch((error) => host.append(h('p', { class: 'board-none', text: error.message })));
  return host;
}

function groups(page, said) {
  const group = (name, rows, write) => (rows.length ? h('section', {}, h('h3', { text: page.say(`behind.${name}`) }), h('ul', {}, rows.map(write))) : null);
  const counted = ([, name, n]) => h('li', {}, h('span', { text: name }), h('b', { text: page.number.format(n) }));
  return [
    said.areas.length ? h('p', { class: 'spot-numbers', text: said.areas.map(([, , , name]) => name).join(' · ') }) : null,
    group('matters', said.matters, counted), group('departments', said.departments, counted), group('teams', said.teams, counted),
    group('streets', said.streets, ([name, length]) => h('li', {}, h('span', { text: name }), h('b', { text: page.say('metres', { n: page.number.format(length) }) }))),
  ].filter(Boolean);
}
