/* Whom a record is related to: drawn as a small graph with the record in the middle, and as a list of links, which says the same. */

import { h } from './forms_dom.mjs';
import { kindIcon } from './registry_find.mjs';
import { stateOf } from './states.mjs';

const MOST_DRAWN = 10;
const WIDE = 420, HIGH = 250, MIDDLE = [WIDE / 2, HIGH / 2], AROUND = [150, 92];
const SVG = 'http://www.w3.org/2000/svg';

/** @returns {HTMLElement} the section */
export function relations(page, said) {
  const rows = said.relations;
  const body = rows.length ? [graph(page, said, rows.slice(0, MOST_DRAWN)), list(page, rows)] : [stateOf('empty', { text: page.say('relations_none'), icon: 'users' })];
  return h('section', { class: 'record-relations' }, h('h3', {}, page.say('relations'), h('small', { text: String(rows.length) })), body);
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function graph(page, said, rows) {
  const places = rows.map((_, at) => {
    const angle = (2 * Math.PI * at) / rows.length - Math.PI / 2;
    return [MIDDLE[0] + AROUND[0] * Math.cos(angle), MIDDLE[1] + AROUND[1] * Math.sin(angle)];
  });
  const lines = rows.map((row, at) => line(page, row, places[at]));
  const nodes = rows.map((row, at) => node(row.label ?? page.say('unnamed'), places[at], `/registry/${row.code}`, row.until ? 'is-past' : ''));
  return svg('svg', { class: 'record-graph', viewBox: `0 0 ${WIDE} ${HIGH}`, 'aria-hidden': 'true' }, ...lines, ...nodes, node(said.name, MIDDLE, null, 'is-own'));
}

function line(page, row, [x, y]) {
  const from = [MIDDLE[0] + (x - MIDDLE[0]) * 0.24, MIDDLE[1] + (y - MIDDLE[1]) * 0.24];
  const words = svg('text', { x: (from[0] + x) / 2, y: (from[1] + y) / 2 - 3, 'text-anchor': 'middle', class: 'graph-word' });
  words.textContent = page.say(`relation.${row.kind}.${row.direction}`);
  return svg('g', { class: row.until ? 'is-past' : '' }, svg('line', { x1: MIDDLE[0], y1: MIDDLE[1], x2: x, y2: y, class: 'graph-line' }), words);
}

function node(name, [x, y], href, look) {
  const text = svg('text', { x, y: y + 4, 'text-anchor': 'middle' });
  const short = [...name].length > 9 ? `${[...name].slice(0, 8).join('')}…` : name;
  text.textContent = short;
  const width = Math.max(46, [...short].reduce((sum, letter) => sum + (letter.codePointAt(0) > 255 ? 13 : 7.5), 20));
  const box = svg('rect', { x: x - width / 2, y: y - 13, width, height: 26, rx: 13 });
  const group = svg('g', { class: `graph-node ${look}` }, box, text);
  return href ? svg('a', { href, tabindex: '-1' }, group) : group;
}

function list(page, rows) {
  const groups = Map.groupBy(rows, ({ kind, direction }) => `${kind}.${direction}`);
  return h('dl', { class: 'record-related' }, [...groups].map(([key, found]) => [h('dt', { text: page.say(`relation.${key}`) }), found.map((row) => h('dd', {}, h('a', { href: `/registry/${row.code}` }, kindIcon(row.other), row.label ?? page.say('unnamed')), h('small', { text: spell(page, row) })))]));
}

function spell(page, { since, until, source, source_label: label }) {
  const time = until ? page.say('until_day', { day: until }) : since ? page.say('since_day', { day: since }) : null;
  return [time, label || page.say(`source.${source}`)].filter(Boolean).join(' · ');
}
