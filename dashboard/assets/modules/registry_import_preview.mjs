/* A table before it is imported: over each column the field that it becomes, in each cell what was said and what that becomes. */

import { h, icon } from './forms_dom.mjs';

/**
 * @param {import('./page.mjs').Page} page
 * @param {object} looked as `/api/registry/import` tells it: headings, mapping, fields, lines, faults, rows, looked, bad
 * @param {(heading: string, field: string) => void} pick
 * @returns {HTMLElement[]}
 */
export function preview(page, looked, pick) {
  const { headings, lines } = looked;
  const head = h('tr', {}, h('th', { scope: 'col', class: 'import-line', text: page.say('import.line') }), headings.map((heading) => h('th', { scope: 'col', class: looked.mapping[heading] ? 'is-taken' : '' }, h('span', { text: heading }), choice(page, looked, heading, pick))));
  const body = lines.map(({ line, cells, problem }) => h('tr', { class: problem || cells.some(({ fault }) => fault) ? 'is-bad' : '' }, h('th', { scope: 'row', class: 'import-line', text: line }), cells.map((cell, at) => value(page, cell, Boolean(looked.mapping[headings[at]]))), problem ? h('td', { class: 'import-problem' }, icon('triangle-alert'), h('span', { text: problem })) : null));
  return [summary(page, looked), h('div', { class: 'import-sheet', role: 'region', tabindex: 0, 'aria-label': page.say('import.columns') }, h('table', {}, h('caption', { class: 'unseen', text: page.say('import.columns') }), h('thead', {}, head), h('tbody', {}, body)))];
}

function choice(page, { fields, mapping }, heading, pick) {
  const options = [h('option', { value: '', text: page.say('import.not_taken') }), ...fields.map(({ name, label }) => h('option', { value: name, text: label }))];
  const made = h('select', { name: `field:${heading}`, 'aria-label': page.say('import.field_of', { heading }), onchange: () => pick(heading, made.value) }, options);
  made.value = mapping[heading] ?? '';
  return made;
}

function value(page, { said, becomes, fault }, isTaken) {
  if (fault) return h('td', { class: 'is-fault' }, h('b', { text: said }), h('small', {}, icon('triangle-alert'), h('span', { text: fault })));
  if (!isTaken) return h('td', { class: 'is-left' }, h('span', { text: said }));
  const changed = becomes !== said && said !== '';
  return h('td', {}, h('b', { text: becomes || page.say('import.nothing') }), changed ? h('small', { text: page.say('import.was', { said }) }) : null);
}

function summary(page, { looked, rows, bad, faults }) {
  const n = (number) => page.number.format(number);
  const part = looked < rows ? page.say('import.first_rows', { n: n(looked) }) : page.say('import.all_rows', { n: n(rows) });
  const chips = faults.map(({ label, n: count, wanted }) => h('span', { class: 'registry-chip is-missing', title: wanted, text: page.say('import.fault', { field: label, n: n(count), wanted }) }));
  return h('div', { class: 'import-summary', role: 'status' }, h('p', { text: `${part}${page.say('import.can', { good: n(looked - bad), bad: n(bad) })}` }), chips);
}
