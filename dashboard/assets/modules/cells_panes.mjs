/* What stands beside the map: areas by what is left, workers with their targets, the walk. */

import { leftOf, recipientsOf, doorsOf, shareOf } from './cells_counts.mjs';
import { stripe } from './cells_figures.mjs';
import { dateField } from './date_field.mjs';
import { element } from './page.mjs';
import { stateOf } from './states.mjs';

const SORTS = ['left', 'share', 'recipients'];

/** Areas or buildings in a table; a row leads into it. */
export function areasPane(page, said, { sort, onLevel, onSort, onRow }) {
  const tools = element('div', 'pane-tools');
  tools.append(choice(page.say('level'), said.levels.map((level) => [level, page.say(`level.${level}`)]), said.level, onLevel), choice(page.say('sort'), SORTS.map((key) => [key, page.say(`sort.${key}`)]), sort, onSort));
  const table = element('table', 'cells-table');
  table.append(element('caption', 'unseen', page.say('tab.areas')));
  const head = table.createTHead().insertRow();
  for (const key of ['name', 'share', 'left', 'recipients']) head.append(Object.assign(element('th', `column-${key}`, page.say(`column.${key}`)), { scope: 'col' }));
  const body = table.createTBody();
  for (const row of said.rows) body.append(areaRow(page, row, said.level, onRow));
  return said.rows.length ? [tools, table] : [tools, stateOf('empty', { title: page.say('rows_none'), text: page.say('rows_none_text'), icon: 'grid-3x3' })];
}

/** One row, for the table or in place of itself. */
export function areaRow(page, row, level, onRow) {
  const made = document.createElement('tr');
  Object.assign(made.dataset, { code: row.code });
  made.tabIndex = 0;
  const name = element('td', 'column-name');
  name.append(element('span', '', row.name), stripe(row.counts));
  made.append(name, element('td', 'column-share', shareOf(page, row.counts)), element('td', 'column-left', page.number.format(leftOf(row.counts))), element('td', 'column-recipients', page.number.format(recipientsOf(row.counts) + doorsOf(row.counts))));
  made.addEventListener('click', () => onRow(row, level));
  made.addEventListener('keydown', ({ key }) => key === 'Enter' && onRow(row, level));
  return made;
}

/** Workers: how far each is, and the target, which a supervisor may set. */
export function workersPane(page, said, { onTarget, onArea }) {
  if (!said.workers.length) return [stateOf('empty', { title: page.say('workers_none'), text: page.say('workers_none_text'), icon: 'users' })];
  return said.workers.map((worker) => {
    const made = element('article', `worker${worker.late ? ' is-late' : ''}`);
    made.dataset.account = worker.account;
    const head = element('div', 'worker-head');
    const where = Object.assign(element('button', 'desk-link', page.say('worker_areas', { n: worker.areas.length })), { type: 'button' });
    where.addEventListener('click', () => onArea(worker));
    head.append(element('b', '', worker.name), where, element('span', 'worker-said', targetSaid(page, worker)));
    const goal = worker.target ?? worker.recipients;
    const bar = Object.assign(document.createElement('progress'), { max: Math.max(1, goal), value: Math.min(goal, worker.done) });
    bar.setAttribute('aria-label', page.say('worker_done', { done: worker.done, of: goal }));
    made.append(head, bar, element('p', 'worker-line', page.say('worker_line', { done: page.number.format(worker.done), answered: page.number.format(worker.answered), left: page.number.format(worker.left), of: page.number.format(worker.recipients) })));
    if (said.may.includes('target')) made.append(targetForm(page, worker, onTarget));
    return made;
  });
}

function targetSaid(page, { target, due, missing, late }) {
  if (target === null) return page.say('target_none');
  if (!missing) return page.say('target_met');
  return page.say(late ? 'target_late' : 'target_due', { n: page.number.format(missing), date: due });
}

function targetForm(page, worker, onTarget) {
  const form = element('form', 'worker-form');
  const number = Object.assign(document.createElement('input'), { type: 'number', name: 'target', min: 1, value: worker.target ?? '', placeholder: page.say('target'), ariaLabel: page.say('target') });
  const due = dateField(page, { value: worker.due ?? '', name: 'due', label: page.say('target_day') });
  const save = Object.assign(element('button', 'desk-button', page.say('target_save')), { type: 'submit' });
  form.append(number, due.node, save);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = Number.parseInt(number.value, 10);
    if (Number.isFinite(wanted) && !due.read()) return due.input.focus();
    return onTarget({ account: worker.account, target: Number.isFinite(wanted) ? wanted : null, due: due.read() || null });
  });
  return form;
}

/** The walk: where to go, one after the other, with the doors that are left. */
export function routePane(page, walk, { onPlan, onHere, onStop }) {
  const tools = element('div', 'pane-tools');
  for (const [key, act] of [['plan', onPlan], ['here', onHere]]) {
    const made = Object.assign(element('button', 'desk-button', page.say(`route.${key}`)), { type: 'button' });
    made.dataset.route = key;
    made.addEventListener('click', act);
    tools.append(made);
  }
  if (!walk) return [tools, stateOf('empty', { title: page.say('route.none'), text: page.say('route.none_text'), icon: 'route' })];
  if (walk.problem) return [tools, stateOf('failed', { text: walk.problem })];
  if (!walk.stops.length) return [tools, stateOf('empty', { title: page.say('route.done'), text: page.say('route.done_text'), icon: 'badge-check' })];
  const head = element('p', 'route-head', page.say('route.head', { n: walk.stops.length, km: page.number.format(Math.round(walk.length_m / 10) / 100) }));
  const more = walk.beyond ? [element('p', 'cells-note', page.say('route.beyond', { n: page.number.format(walk.beyond), most: walk.most }))] : [];
  const list = element('ol', 'route-stops');
  walk.stops.forEach((stop, at) => {
    const line = element('li');
    const button = Object.assign(element('button', 'route-stop'), { type: 'button' });
    button.append(element('span', 'route-n', String(at + 1)), element('b', '', stop.name), element('span', 'route-doors', doors(page, stop.doors.filter((door) => door !== stop.name))));
    button.addEventListener('click', () => onStop(stop));
    line.append(button);
    list.append(line);
  });
  return [tools, head, ...more, list];
}

const SHOWN_DOORS = 12;
function doors(page, labels) {
  const shown = labels.slice(0, SHOWN_DOORS).join(page.say('route.between'));
  return labels.length > SHOWN_DOORS ? page.say('route.more', { shown, n: labels.length }) : shown;
}

function choice(words, values, chosen, act) {
  const made = element('label', 'pane-choice', words);
  const select = document.createElement('select');
  select.append(...values.map(([value, textContent]) => Object.assign(document.createElement('option'), { value, textContent })));
  select.value = chosen;
  select.addEventListener('change', () => act(select.value));
  made.append(select);
  return made;
}
