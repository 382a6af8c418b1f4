/* What is asked of an analysis: the window, the matter, the channel, the grid, the measure, the method; what the address filters besides. */

import { fromField, toField } from './city_time.mjs';
import { dateField } from './date_field.mjs';
import { h, icon } from './forms_dom.mjs';
import { get } from './office.mjs';

const GRIDS = ['h3-9', 'h3-8', 'h3-7', 'cell'];
const MEASURES = ['count', 'rate'];
const METHODS = ['gi', 'moran'];
const DAYS = ['7', '30', '90', '365'];
const FACETS = ['major', 'channel'];

/** The period, its own days where they are chosen, what the cases are about, and what the address filters besides. */
export function period(spots, said) {
  const { page } = spots;
  const custom = !spots.days;
  const days = field(page.say('window'), select([...[...new Set([...DAYS, spots.days])].filter(Boolean).map((n) => [n, page.say('days', { n })]), ['', page.say('custom')]], spots.days, (value) => (value ? spots.set({ days: value, since: '', until: '' }) : spots.set({ days: '', since: String(said.question.since), until: String(said.question.until) }))));
  return [days, ...(custom ? [dates(spots, said)] : []), ...FACETS.map((facet) => field(page.say(facet), facetSelect(spots, facet)))];
}

/** What the address filters besides, each to be taken away. */
export function filters(spots, said) {
  return said.filters.filter(([key]) => !FACETS.includes(key)).map(([key, value, name]) => h('button', { type: 'button', class: 'desk-chip', onclick: () => spots.unfilter(key, value), text: name }, icon('x')));
}

/** @param {object} spots the page @returns {HTMLElement[]} the fields */
export function asked(spots, said) {
  const { page } = spots;
  const choose = (name, values, chosen, put) => field(page.say(name), select(values.map((value) => [value, page.say(`${name}.${value}`)]), chosen, put));
  return [
    ...period(spots, said),
    choose('grid', GRIDS, spots.grid, (grid) => spots.set({ grid })), choose('measure', MEASURES, spots.measure, (measure) => spots.set({ measure })), choose('method', METHODS, spots.method, (method) => spots.set({ method })),
    ...filters(spots, said),
  ];
}

export const field = (words, node) => h('label', { class: 'spots-field' }, h('span', { text: words }), node);

export function select(choices, chosen, put) {
  const made = h('select', { onchange: ({ target }) => put(target.value) }, choices.map(([value, name]) => h('option', { value, text: name })));
  made.value = chosen;
  return made;
}

function dates(spots, said) {
  const { page } = spots;
  const [since, until] = ['since', 'until'].map((key) => dateField(page, { time: true, value: toField(said.question[key], page.timezone), label: page.say(key) }));
  const take = h('button', { type: 'button', class: 'desk-button', text: page.say('apply'), onclick: () => {
    const [from, to] = [since, until].map((one) => one.read() && fromField(one.read(), page.timezone));
    if (from && to && from < to) spots.set({ since: String(from), until: String(to) });
  } });
  return h('div', { class: 'spots-dates' }, since.node, until.node, take);
}

/* The values of a facet are asked for once; what is chosen is there at once. */
function facetSelect(spots, facet) {
  const { page } = spots;
  const [chosen = ''] = spots.where[facet] ?? [];
  const made = select([['', page.say('every')], ...(spots.facets[facet] ?? []).map(([code, name]) => [code, name])], chosen, (value) => spots.filter(facet, value));
  if (!spots.facets[facet]) {
    get(page, `/api/desk/facet/${facet}?lang=${page.language}`).then(({ values }) => {
      spots.facets[facet] = values.filter(([, , , n]) => n);
      made.append(...spots.facets[facet].map(([code, name]) => h('option', { value: code, text: name })));
      made.value = chosen;
    }).catch(() => null);
  }
  return made;
}
