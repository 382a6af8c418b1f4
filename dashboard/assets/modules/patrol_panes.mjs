/* What stands beside the map of patrols: the figures, cells and workers that want attention, one cell with its days. */

import { h, icon } from './forms_dom.mjs';
import { stateOf } from './states.mjs';
import { ago, percent, points } from './patrol_measures.mjs';

const SORTS = ['streets', 'last', 'trend', 'around', 'overdue', 'opened', 'self_found', 'buildings', 'answered'];
const BAR = { width: 5, gap: 1, height: 40 };

/** The figures of everything that is shown. */
export function figures(page, { total, area }, onBack) {
  const back = area ? h('button', { type: 'button', class: 'cells-crumb', onclick: onBack }, icon('x'), h('span', { text: area.name })) : null;
  const n = (value) => page.number.format(value ?? 0);
  const line = (key, value, more) => h('div', {}, h('dt', { text: page.say(`patrol.figure.${key}`) }), h('dd', {}, h('b', { text: value }), more ? h('span', { text: more }) : null));
  return [
    back,
    h('p', { class: 'cells-share' }, h('b', { text: percent(total.streets) }), h('span', { text: page.say('patrol.share_of', { seen: n(total.street_seen_m / 1000 < 10 ? Math.round(total.street_seen_m / 100) / 10 : Math.round(total.street_seen_m / 1000)), km: n(Math.round(total.street_m / 100) / 10) }) }), h('em', { text: page.say('patrol.than_before', { points: points(total.streets, total.before) }) })),
    h('dl', { class: 'patrol-facts' },
      line('buildings', percent(total.buildings), page.say('patrol.of', { a: n(total.buildings_seen), b: n(total.buildings_all) })),
      line('visited', percent(total.cells ? total.visited / total.cells : null), page.say('patrol.of', { a: n(total.visited), b: n(total.cells) })),
      line('cases', n(total.opened), page.say('patrol.cases_more', { closed: n(total.closed), overdue: n(total.overdue) })),
      line('self_found', percent(total.self_found), page.say('patrol.self_more', { share: percent(total.self_found === null ? null : 1 - total.self_found) })),
      total.asked ? line('answered', percent(total.answered), page.say('patrol.asked', { n: n(total.asked) })) : null),
  ].filter(Boolean);
}

/** Areas in a table; a row leads into it. */
export function areasPane(page, said, { onLevel, onSort, onRow }) {
  const tools = h('div', { class: 'pane-tools' }, choice(page.say('level'), said.levels.map((level) => [level, page.say(`level.${level}`)]), said.level, onLevel), choice(page.say('sort'), SORTS.map((key) => [key, page.say(`patrol.sort.${key}`)]), said.sort, onSort));
  if (!said.rows.length) return [tools, stateOf('empty', { title: page.say('patrol.rows_none'), text: page.say('patrol.rows_none_text'), icon: 'grid-3x3' })];
  const head = h('tr', {}, ['name', 'streets', 'trend', 'last', 'overdue'].map((key) => h('th', { class: `column-${key}`, scope: 'col', text: page.say(`patrol.column.${key}`) })));
  return [tools, h('table', { class: 'cells-table patrol-table' }, h('caption', { class: 'unseen', text: page.say('patrol.tab.areas') }), h('thead', {}, head), h('tbody', {}, said.rows.map((row) => areaRow(page, row, said, onRow))))];
}

function areaRow(page, row, said, onRow) {
  const open = () => onRow(row, said.level);
  return h('tr', { tabindex: '0', 'data-code': row.code, onclick: open, onkeydown: ({ key }) => key === 'Enter' && open() },
    h('td', { class: 'column-name' }, h('span', { text: row.name }), meter(row.streets)),
    h('td', { class: 'column-share', text: percent(row.streets) }),
    h('td', { class: `column-trend${row.before !== null && row.streets < row.before ? ' is-less' : ''}`, text: points(row.streets, row.before) }),
    h('td', { class: 'column-last', text: ago(page, row.last, said.now) }),
    h('td', { class: 'column-left', text: page.number.format(row.overdue) }));
}

const meter = (share) => {
  const made = h('span', { class: 'patrol-meter', 'aria-hidden': 'true' }, h('i'));
  made.style.setProperty('--share', share ?? 0);
  return made;
};

/** The people of these cells: how their cells stand, how much they were out; the way to their days for who may see them. */
export function workersPane(page, said, { onWorker, onArea, onSheet }) {
  if (!said.workers.length) return [stateOf('empty', { title: page.say('patrol.workers_none'), text: page.say('patrol.workers_none_text'), icon: 'users' })];
  return said.workers.map((worker) => h('article', { class: 'worker', 'data-account': worker.account },
    h('div', { class: 'worker-head' }, h('b', { text: worker.name }),
      worker.areas.length ? h('button', { type: 'button', class: 'desk-link', text: page.say('patrol.worker_cells', { n: worker.cells }), onclick: () => onArea(worker) }) : null,
      h('span', { class: 'worker-said', text: percent(worker.streets) })),
    meter(worker.streets),
    h('p', { class: 'worker-line', text: page.say('patrol.worker_line', { days: worker.days, trend: points(worker.streets, worker.before), last: ago(page, worker.last_seen, said.now) }) }),
    h('p', { class: 'worker-line', text: page.say('patrol.worker_cases', { opened: page.number.format(worker.opened), closed: page.number.format(worker.closed), overdue: page.number.format(worker.overdue), own: percent(worker.self_found) }) }),
    h('div', { class: 'worker-acts' },
      said.may.includes('replay') ? h('button', { type: 'button', class: 'desk-button', 'data-replay': worker.account, onclick: () => onWorker(worker) }, icon('route'), h('span', { text: page.say('patrol.replay') })) : null,
      onSheet ? onSheet(`worker=${worker.account}`) : null)));
}

/** One cell: how it stands against itself and its neighbours, its days, who was there, what nobody saw. */
export function cellPane(page, cell, now, { onNeighbour, onWorker, may, sheet }) {
  const facts = [
    ['streets', percent(cell.streets), page.say('patrol.than_before', { points: points(cell.streets, cell.before) })],
    ['around', percent(cell.around), page.say('patrol.than_around', { points: points(cell.streets, cell.around) })],
    ['last', ago(page, cell.last, now), cell.gaps.length ? page.say('patrol.gaps', { n: cell.gaps.length }) : page.say('patrol.gaps_none')],
    ['buildings', percent(cell.buildings), page.say('patrol.of', { a: cell.buildings_seen, b: cell.buildings_all })],
    ['cases', cell.opened, page.say('patrol.cases_more', { closed: cell.closed, overdue: cell.overdue })],
    ['self_found', percent(cell.self_found), page.say('patrol.self_more', { share: percent(cell.self_found === null ? null : 1 - cell.self_found) })],
    ...(cell.asked ? [['answered', percent(cell.answered), page.say('patrol.asked', { n: cell.asked })]] : []),
  ];
  const visitors = cell.visitors.map((one) => h('li', {}, may.includes('replay') ? h('button', { type: 'button', class: 'desk-link', text: one.name, onclick: () => onWorker(one) }) : h('b', { text: one.name }), h('span', { text: page.say('patrol.visitor', { days: one.days, share: percent(one.share), last: ago(page, one.last, now) }) })));
  const neighbours = cell.neighbours.map((one) => h('li', {}, h('button', { type: 'button', class: 'desk-link', text: one.name, onclick: () => onNeighbour(one.code) }), h('span', { text: percent(one.streets) })));
  return [
    h('dl', { class: 'patrol-facts' }, facts.map(([key, value, more]) => h('div', {}, h('dt', { text: page.say(`patrol.figure.${key}`) }), h('dd', {}, h('b', { text: value }), h('span', { text: more }))))),
    h('h3', { text: page.say('patrol.days') }), dayBars(page, cell.days),
    may.includes('workers') ? [h('h3', { text: page.say('patrol.visitors') }), visitors.length ? h('ul', { class: 'patrol-list' }, visitors) : h('p', { class: 'cells-note', text: page.say('patrol.visitors_none') })] : null,
    h('h3', { text: page.say('patrol.neighbours') }), h('ul', { class: 'patrol-list' }, neighbours),
    sheet ? h('div', { class: 'worker-acts' }, sheet) : null,
  ].flat().filter(Boolean);
}

/* The share that was seen each day; the period before is fainter. */
function dayBars(page, days) {
  const step = BAR.width + BAR.gap, half = days.length / 2;
  const bars = h('div', { class: 'patrol-days', role: 'img', 'aria-label': page.say('patrol.days_said', { days: days.filter((one, at) => at >= half && one.share).length, of: half }) });
  bars.style.setProperty('--days', days.length);
  bars.style.setProperty('--step', step);
  days.forEach((one, at) => {
    const bar = h('i', { class: at < half ? 'is-before' : '', title: `${one.day} · ${percent(one.share)}${one.by.length ? ` · ${one.by.join('、')}` : ''}` });
    bar.style.setProperty('--share', one.share ?? 0);
    bars.append(bar);
  });
  return bars;
}

/** A choice among values with their words. */
export function choice(words, values, chosen, act) {
  const select = h('select', { onchange: ({ target }) => act(target.value) }, values.map(([value, text]) => h('option', { value, text })));
  select.value = chosen;
  return h('label', { class: 'pane-choice', text: words }, select);
}
