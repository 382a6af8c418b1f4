/* The league: rows in the order of the interval's end that speaks against them, each with its interval beside the whole's rate; rows of
   too few cases below, without a place. */

import { h } from './forms_dom.mjs';
import { percent, shareOf } from './indicators_card.mjs';
import { svg } from './svg.mjs';

const WIDTH = 150;
const FAR = 9;

/** @returns {HTMLElement[]} the head and the table */
export function league(sheet, said) {
  const { page } = sheet;
  const at = said.definitions.findIndex(({ code }) => code === sheet.rankBy);
  const definition = said.definitions[at];
  const rows = ordered(said.rows, at, definition.better, said.few);
  const few = rows.filter(({ cells }) => cells[at][1] < said.few).length;
  const by = h('select', { 'aria-label': page.say('league_by'), onchange: ({ target }) => sheet.set({ by: target.value }) }, said.choices.map(({ by: value, name }) => h('option', { value, text: name })));
  by.value = said.by;
  const head = h('header', { class: 'indicators-league-head' }, h('h2', { text: page.say('league') }), h('label', {}, h('span', { text: page.say('league_by') }), by), h('p', { text: page.say('fair') }));
  const top = h('tr', {}, h('th', { text: page.say('place') }), h('th', { class: 'is-name', text: page.say('name') }), h('th', { class: 'is-interval', colspan: 2, text: definition.name }),
    said.definitions.map((one, k) => (k === at || one.variant ? null : h('th', {}, h('button', { type: 'button', title: one.note, onclick: () => sheet.set({ rankBy: one.code }), text: one.name })))),
    h('th', { text: page.say('score'), title: page.say(`formula.${said.score.code}`) }), h('th', { text: page.say('grade') }));
  const span = scaleOf(rows.map(({ cells }) => cells[at]), said.few);
  const body = rows.map((row, place) => line(sheet, said, row, { at, span, place: row.cells[at][1] < said.few ? null : place + 1 }));
  return [head, h('div', { class: 'indicators-scroll', tabIndex: 0 }, h('table', { class: 'indicators-table' }, h('thead', {}, top), h('tbody', {}, body))), few ? h('p', { class: 'indicators-note', text: page.say('few', { n: few, few: said.few }) }) : ''];
}

/** As `dashboard.indicators.view.rank` orders them. */
export function ordered(rows, at, better, few) {
  const key = ({ cells }) => {
    const [, below, low, high] = cells[at];
    return below ? (better >= 0 ? -low : high) : FAR;
  };
  const isFew = ({ cells }) => Number(cells[at][1] < few);
  return [...rows].sort((a, b) => isFew(a) - isFew(b) || key(a) - key(b) || b.cells[at][1] - a.cells[at][1] || String(a.code).localeCompare(String(b.code)));
}

function line(sheet, said, row, { at, span, place }) {
  const { page } = sheet;
  const [definition, cell, whole] = [said.definitions[at], row.cells[at], shareOf(said.total[at])];
  const own = facetOf(said.by, row.code);
  const verdict = place === null || whole === null ? null : cell[2] > whole ? 1 : cell[3] < whole ? -1 : 0;
  const said_ = place === null ? page.say('few_row') : page.say(verdict === 0 || !definition.better ? 'within' : verdict * definition.better > 0 ? 'above' : 'below');
  const tone = verdict === null || !definition.better ? '' : verdict * definition.better > 0 ? 'is-well' : verdict ? 'is-worse' : '';
  const link = (one, k) => h('a', { href: sheet.cases(one, one.numerator, own), title: page.say('open', { n: page.number.format(row.cells[k][0]) }), text: percent(shareOf(row.cells[k])) });
  return h('tr', { class: place === null ? 'is-few' : '', 'data-code': row.code },
    h('td', { class: 'is-place', text: place ?? '—' }),
    h('th', { scope: 'row', class: 'is-name' }, h('button', { type: 'button', title: row.name, onclick: () => sheet.into(...own), text: row.name })),
    h('td', { class: 'is-interval', title: `${said_} · ${cell[1] ? page.say('interval', { low: (cell[2] * 100).toFixed(1), high: (cell[3] * 100).toFixed(1) }) : ''}` }, interval(cell, whole, span, tone, said_)),
    h('td', { class: `is-chosen ${tone}` }, link(definition, at), h('small', {}, h('a', { href: sheet.cases(definition, definition.denominator, own), text: page.say('of', { above: page.number.format(cell[0]), below: page.number.format(cell[1]) }) }))),
    said.definitions.map((one, k) => (k === at || one.variant ? null : h('td', {}, row.cells[k][1] ? link(one, k) : '—'))),
    h('td', { text: row.score === null ? '—' : row.score.toFixed(1) }),
    h('td', {}, row.rating ? h('span', { class: `indicators-grade grade-${row.rating}`, text: row.rating }) : '—'));
}

/** What of the filter a row of the league is: [key, value]. */
function facetOf(by, code) {
  return by.startsWith('area:') ? ['area', `${by.slice(5)}:${code}`] : [by, String(code)];
}

/** From where to where intervals are drawn: over the rows that have a place. */
function scaleOf(cells, few) {
  const sure = cells.filter(([, below]) => below >= few);
  if (!sure.length) return [0, 1];
  const [low, high] = [Math.min(...sure.map((cell) => cell[2])), Math.max(...sure.map((cell) => cell[3]))];
  return [Math.max(0, low - 0.01), Math.min(1, high + 0.01)];
}

function interval([above, below, low, high], whole, [from, to], tone, label) {
  const x = (share) => Math.min(WIDTH - 2, Math.max(2, 2 + ((share - from) / (to - from || 1)) * (WIDTH - 4))).toFixed(1);
  const made = svg('svg', { class: `indicators-interval ${tone}`, viewBox: `0 0 ${WIDTH} 16`, role: 'img', 'aria-label': label });
  made.append(svg('line', { class: 'is-track', x1: 0, x2: WIDTH, y1: 8, y2: 8 }));
  if (whole !== null) made.append(svg('line', { class: 'is-whole', x1: x(whole), x2: x(whole), y1: 1, y2: 15 }));
  if (below) made.append(svg('line', { class: 'is-span', x1: x(low), x2: x(high), y1: 8, y2: 8 }), svg('circle', { cx: x(above / below), cy: 8, r: 3.4 }));
  return made;
}
