/** The first screen: tasks by deadline or distance, whistles, and what a grid worker is asked to look at. */
import { button, distance, duration, find, glyph, make, moment, pick, say, toast } from './m_dom.mjs';
import { here, locate } from './m_here.mjs';
import { metresBetween, ordered, pressing } from './m_order.mjs';
import { now, pending, send, state } from './m_state.mjs';

const KINDS = ['tasks', 'whistles', 'checks'];
let kind = 'tasks', by = localStorage.getItem('needle.m.by') ?? 'due';

/** Open a case in a sheet, whose script comes only then. */
export const openCase = async (found, order) => (await import('./m_case.mjs')).openCase(found, order);

/** @returns {HTMLElement[]} */
export function tasksScreen(show) {
  const { data } = state, kinds = KINDS.filter((name) => shown(name, data));
  if (!kinds.includes(kind)) kind = kinds[0] ?? 'tasks';
  const list = kind === 'whistles' ? data.whistles : ordered(data[kind], by, here());
  return [
    kinds.length > 1 ? segments(kinds, data, show) : null,
    list.length ? make('div', { class: 'row between' }, make('p', { class: 'soft small' }, summary(data)), kind === 'whistles' ? null : sorting(show)) : null,
    list.length ? make('ul', { class: 'cards' }, list.map((found) => make('li', {}, kind === 'whistles' ? whistleCard(found) : taskCard(found)))) : nothing(data),
  ].filter(Boolean);
}

const shown = (name, { person, whistles, checks }) => (name === 'tasks' ? !person.sees : name === 'checks' ? person.sees || checks.length > 0 : !person.sees || whistles.length > 0);

function segments(kinds, data, show) {
  return make('div', { class: 'segments', role: 'tablist' }, kinds.map((name) => make('button', { type: 'button', role: 'tab', 'aria-selected': String(name === kind), onclick: () => { kind = name; show(); } }, say(`kind.${name}`), data[name].length ? make('span', { class: 'count' }, String(data[name].length)) : null)));
}

function sorting(show) {
  const choose = async (next) => {
    by = next;
    localStorage.setItem('needle.m.by', next);
    show();
    if (next !== 'near' || here()) return;
    try { await locate(); show(); } catch { toast(say('place.none'), 'bad'); }
  };
  return make('div', { class: 'switch', role: 'group', 'aria-label': say('sort') }, ['due', 'near'].map((name) => make('button', { type: 'button', 'aria-pressed': String(by === name), onclick: () => choose(name) }, say(`sort.${name}`))));
}

function summary({ tasks, done, person }) {
  const late = tasks.filter((task) => pressing(task.due_at, now()) === 'late').length;
  if (kind !== 'tasks') return say(`sum.${kind}`, { n: state.data[kind].length });
  return [say('sum.tasks', { n: tasks.length }), late ? say('sum.late', { n: late }) : null, person.team ? say('sum.done', { n: done }) : null].filter(Boolean).join(' · ');
}

const nothing = (data) => make('section', { class: 'empty' }, glyph(kind === 'tasks' ? 'calm' : kind), make('h2', {}, say(`empty.${kind}`)), make('p', { class: 'soft' }, say(`empty.${kind}.more`, { team: data.person.team ?? pick(data.person.department) ?? '' })));

/** The countdown of a deadline; kept up to date by `tick`. @param {number | null} due */
export const countdown = (due) => make('span', { class: 'due', 'data-due': due ?? '' });

/** Write every countdown anew. */
export function tick(within = document) {
  for (const told of within.querySelectorAll('[data-due]')) {
    const due = told.dataset.due ? Number(told.dataset.due) : null, tone = pressing(due, now());
    told.dataset.tone = tone;
    told.textContent = due === null ? say('due.none') : say(tone === 'late' ? 'due.late' : 'due.left', { time: duration(due - now()) });
  }
}

function taskCard(task) {
  const waits = pending(`case:${task.id}`), far = distance(metresBetween(here(), task)), next = task.orders[0];
  const card = make('article', { class: 'card', 'data-case': task.id, 'data-tone': pressing(task.due_at, now()) },
    make('button', { type: 'button', class: 'card-open', onclick: () => openCase(task) },
      make('span', { class: 'card-top' }, make('strong', {}, pick(task.matter)), task.urgent ? make('span', { class: 'tag urgent' }, say('urgent')) : null, task.state === 'rework' ? make('span', { class: 'tag warn' }, say('rework')) : null),
      make('span', { class: 'card-line' }, countdown(task.due_at), far ? make('span', { class: 'far' }, glyph('pin'), far) : null),
      make('span', { class: 'card-line soft' }, make('span', { class: 'address' }, task.address ?? say('address.none')), make('span', {}, pick(task.state_name)))),
    waits.length ? make('p', { class: `waits ${waits.some((item) => item.state === 'refused') ? 'bad' : ''}` }, glyph('cloud'), waits.map((item) => item.title).join(' · ')) : null,
    next && !waits.length ? make('div', { class: 'card-foot' }, act(task, next), task.lng === null ? null : button('second', say('navigate'), async () => (await import('./m_case.mjs')).navigateTo(task))) : null,
  );
  tick(card);
  return card;
}

const act = (task, order) => button('main', say(`order.${order}`), () => (order === 'accept' ? accept(task) : openCase(task, order)));

/** Accepting asks nothing more. */
export async function accept(task) {
  await send({ kind: 'order', about: `case:${task.id}`, title: say('order.accept'), body: { order: 'accept', case: task.id } });
  toast(say('said.accept', { matter: pick(task.matter) }), 'good');
}

function whistleCard(whistle) {
  const waits = pending(`case:${whistle.id}`);
  const until = whistle.state === 'called' ? whistle.answer_by : whistle.arrived_at ? null : whistle.arrive_by;
  const card = make('article', { class: 'card', 'data-case': whistle.id, 'data-tone': pressing(until, now()) },
    make('button', { type: 'button', class: 'card-open', onclick: () => openCase({ ...whistle, whistle: true }) },
      make('span', { class: 'card-top' }, make('strong', {}, pick(whistle.matter)), make('span', { class: 'tag' }, say(whistle.lead ? 'whistle.lead' : 'whistle.helper'))),
      make('span', { class: 'card-line' }, ...(whistle.arrived_at ? [make('span', { class: 'tag good' }, say('arrived', { time: moment(whistle.arrived_at) }))] : [make('span', { class: 'soft' }, say(whistle.state === 'called' ? 'whistle.answer' : 'whistle.arrive')), countdown(until)]), make('span', { class: 'far' }, distance(metresBetween(here(), whistle)))),
      make('span', { class: 'soft' }, whistle.address ?? say('address.none')),
      make('span', { class: 'card-line soft' }, make('span', {}, say(`purpose.${whistle.purpose}`)), make('span', {}, say('whistle.by', { time: whistle.arrive_by ? moment(whistle.arrive_by) : '—' })))),
    waits.length ? make('p', { class: 'waits' }, glyph('cloud'), waits.map((item) => item.title).join(' · ')) : null,
    whistle.orders.length || waits.length ? null : make('p', { class: 'soft' }, say(`whistle.rests.${whistle.arrived_at ? 'finish' : 'answer'}`)),
    whistle.orders.length && !waits.length ? make('div', { class: 'card-foot' }, whistle.orders.slice(0, 2).map((order, at) => button(at ? 'second' : 'main', say(`order.${order}`), () => openCase({ ...whistle, whistle: true }, order)))) : null,
  );
  tick(card);
  return card;
}

setInterval(() => tick(find('#screen')), 20_000);
