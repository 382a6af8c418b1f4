/* What came of a plan: the verdict first, also when it is nothing; figures with intervals; what each team has. */

import { h } from './forms_dom.mjs';
import { svg } from './svg.mjs';

const MINUTES = new Set(['reach', 'reach_p90', 'way']);
const MORE_IS_BETTER = new Set(['promised']);
const ORDER = ['reach', 'reach_p90', 'way', 'promised', 'nobody', 'overdue', 'returned'];
const SHOWN = 60;
const WIDE = 120;
const TALL = 16;

/** A value in the unit of its figure. */
const written = (name, value) => (MINUTES.has(name) ? (value / 60).toFixed(1) : (value * 100).toFixed(1));
const signed = (value, digits) => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;

/* A difference and its ends in a unit that shows them: seconds below a minute, hundredths of a per cent below one. */
function apart(page, name, ends) {
  const reach = Math.max(...ends.map(Math.abs));
  const [scale, digits, unit] = MINUTES.has(name) ? (reach < 60 ? [1, 1, 'seconds'] : [1 / 60, 1, 'minutes']) : [100, reach < 0.01 ? 2 : 1, 'points'];
  const [value, low, high] = ends.map((end) => signed(end * scale, digits));
  return { value: page.say(`apart.${unit}`, { n: value }), interval: page.say('interval', { low, high }) };
}
/** Whether a difference can be told from zero: -1 better, 1 worse, 0 cannot. */
export function direction(name, [, low, high]) {
  if (low <= 0 && high >= 0) return 0;
  return (low > 0) === MORE_IS_BETTER.has(name) ? -1 : 1;
}

/** @param {object} plan the page @returns {HTMLElement[]} */
export function result(plan) {
  const { page, kept } = plan;
  const { found } = kept;
  return [...verdict(plan), figures(page, found, kept.asked), ...cellsOf(page, kept.cells), teams(page, found), how(page, found)];
}

function verdict({ page, kept, changedSince }) {
  const { figures: all } = kept.found;
  const judged = ORDER.filter((name) => all[name]).map((name) => [name, direction(name, all[name].difference)]);
  const of = (way) => judged.filter(([, sign]) => sign === way).map(([name]) => page.say(`figure.${name}`));
  const [better, worse] = [of(-1), of(1)];
  const join = (names) => names.join(page.language === 'zh' ? '、' : ', ');
  const lines = [];
  if (!better.length && !worse.length) lines.push(h('b', { class: 'is-nothing', text: page.say('verdict_nothing') }));
  if (better.length) lines.push(h('b', { class: 'is-better', text: page.say('verdict_better', { names: join(better) }) }));
  if (worse.length) lines.push(h('b', { class: 'is-worse', text: page.say('verdict_worse', { names: join(worse) }) }));
  const { number } = page;
  lines.push(h('p', { text: page.say('verdict_cases', { cases: number.format(kept.found.cases), both: number.format(kept.found.both), moved: number.format(kept.found.moved), handed: number.format(kept.found.handed_over) }) }));
  if (changedSince) lines.push(h('p', { class: 'whatif-stale', text: page.say('changed_since') }));
  return [h('div', { class: 'spots-verdict', role: 'status' }, lines)];
}

function figures(page, found, asked) {
  const rows = ORDER.filter((name) => found.figures[name]).map((name) => {
    const { before, after, difference } = found.figures[name];
    const way = direction(name, difference);
    const look = { '-1': 'is-better', 0: 'is-same', 1: 'is-worse' }[way];
    const said = apart(page, name, difference);
    return h('tr', { 'data-figure': name, class: look },
      h('th', { scope: 'row' }, h('span', { text: page.say(`figure.${name}`, { n: asked.promise_min }) }), h('small', { text: page.say(MINUTES.has(name) ? 'minutes' : 'percent') })),
      side(page, name, before), side(page, name, after),
      h('td', {}, h('b', { text: said.value }), whisker(difference), h('small', { text: said.interval }), h('small', { class: 'whatif-judged', text: page.say(way === 0 ? 'no_difference' : way < 0 ? 'better' : 'worse') })));
  });
  return h('table', { class: 'whatif-figures' },
    h('thead', {}, h('tr', {}, ['figure', 'before', 'after', 'difference'].map((name) => h('th', { scope: 'col', text: page.say(name) })))),
    h('tbody', {}, rows));
}

const side = (page, name, [value, low, high]) => h('td', {}, h('span', { text: written(name, value) }), h('small', { text: `${written(name, low)} – ${written(name, high)}` }));

/* The interval on a scale whose middle is zero; the same numbers stand beside it. */
function whisker([value, low, high]) {
  const reach = Math.max(Math.abs(low), Math.abs(high), Math.abs(value)) || 1;
  const x = (at) => WIDE / 2 + (at / reach) * (WIDE / 2 - 6);
  return svg('svg', { class: 'whatif-whisker', viewBox: `0 0 ${WIDE} ${TALL}`, 'aria-hidden': 'true' },
    svg('line', { class: 'is-zero', x1: WIDE / 2, x2: WIDE / 2, y1: 1, y2: TALL - 1 }),
    svg('line', { class: 'is-reach', x1: x(low), x2: x(high), y1: TALL / 2, y2: TALL / 2 }),
    svg('circle', { cx: x(value), cy: TALL / 2, r: 3.6 }));
}

function cellsOf(page, cells) {
  if (!cells.cells) return [];
  const some = cells.sooner + cells.later + cells.loses;
  const { number } = page;
  return [h('p', { class: 'whatif-cells', text: some ? page.say('cells_some', { cells: number.format(cells.cells), sooner: number.format(cells.sooner), later: number.format(cells.later), loses: number.format(cells.loses) }) : page.say('cells_none', { cells: number.format(cells.cells) }) })];
}

function teams(page, found) {
  const { number } = page;
  const rows = found.loads.slice(0, SHOWN).map((load) => {
    const [value, low, high] = load.difference;
    const same = low <= 0 && high >= 0;
    const whole = (n) => number.format(Math.round(n)).replace('-', '−');
    const over = load.most_open[1] > load.capacity;
    return h('tr', {},
      h('th', { scope: 'row' }, h('span', { text: load.name }), h('small', { class: 'whatif-of', title: load.department_name, text: load.team > 0 ? load.department_name : page.say('new_team') })),
      h('td', { text: number.format(load.cases[0]) }), h('td', { text: number.format(load.cases[1]) }),
      h('td', { class: same ? 'is-same' : '' }, h('span', { text: value > 0 ? `+${whole(value)}` : whole(value) }), value ? h('small', { text: page.say('from_to', { low: whole(low), high: whole(high) }) }) : null),
      h('td', { class: over ? 'is-over' : '', title: over ? page.say('over_capacity', { n: load.capacity }) : null, text: `${number.format(load.most_open[0])} → ${number.format(load.most_open[1])}` }));
  });
  const head = ['team.name', 'before', 'after', 'difference', 'most_open'].map((name) => h('th', { scope: 'col', text: page.say(name) }));
  return h('section', { class: 'whatif-teams' }, h('h2', { text: page.say('teams_title', { n: number.format(found.teams) }) }),
    h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows)),
    found.teams > SHOWN ? h('p', { class: 'whatif-hint', text: page.say('teams_more', { n: SHOWN }) }) : null);
}

function how(page, found) {
  const likeness = found.likeness ? [page.say('likeness', { departments: (found.likeness[0] * 100).toFixed(0), teams: (found.likeness[1] * 100).toFixed(0) })] : [];
  const lines = [page.say(`intervals.${found.groups}`), ...likeness, ...['replay', 'overdue', 'returned', 'load', 'map'].map((name) => page.say(`how.${name}`))];
  return h('details', { class: 'whatif-how' }, h('summary', { text: page.say('how') }), lines.map((line) => h('p', { text: line })));
}
