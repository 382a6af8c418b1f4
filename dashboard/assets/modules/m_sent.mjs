/** What was sent, what waits, what was refused and why; and what became of one's own reports. */
import { button, glyph, make, moment, pick, say } from './m_dom.mjs';
import { again, blocked } from './m_outbox.mjs';
import { resend, state, look, tryAll } from './m_state.mjs';
import { drop } from './m_store.mjs';

/** @returns {HTMLElement[]} */
export function sentScreen() {
  const own = state.items.filter((item) => item.account === state.account && item.kind !== 'duty').sort((a, b) => b.at - a.at);
  const foreign = state.items.filter((item) => item.account !== state.account && item.state !== 'sent');
  const open = own.filter((item) => item.state !== 'sent'), held = blocked(own), reports = state.data.reports;
  const fresh = own.filter((item) => item.kind === 'report' && item.state === 'sent' && !reports.some((report) => report.key === `m:${item.id}`));
  if (!open.length && !reports.length && !fresh.length && !foreign.length) return [make('section', { class: 'empty' }, glyph('sent'), make('h2', {}, say('empty.sent')), make('p', { class: 'soft' }, say('empty.sent.more')))];
  return [
    foreign.length ? make('p', { class: 'told', 'data-tone': 'warn' }, say('item.foreign', { n: foreign.length, name: foreign[0].account })) : null,
    open.length ? make('section', {}, make('div', { class: 'row between' }, make('h2', {}, say('waiting', { n: open.length })), button('quiet', say('try'), tryAll)), make('ul', { class: 'cards' }, open.map((item) => make('li', {}, itemCard(item, held))))) : null,
    reports.length || fresh.length ? make('section', {}, make('h2', {}, say('reports')), make('ul', { class: 'cards' }, fresh.map((item) => make('li', {}, freshCard(item))), reports.map((report) => make('li', {}, reportCard(report))))) : null,
  ].filter(Boolean);
}

function itemCard(item, held) {
  const photos = Object.values(item.photos).reduce((sum, list) => sum + list.length, 0);
  const how = item.state === 'refused' ? 'refused' : item.needs === 'login' ? 'login' : held.has(item.id) ? 'held' : 'waiting';
  return make('article', { class: 'card item', 'data-item': item.id, 'data-how': how },
    make('p', { class: 'card-top' }, make('strong', {}, item.title), make('span', { class: `tag ${how === 'refused' ? 'urgent' : how === 'waiting' ? '' : 'warn'}` }, say(`item.${how}`))),
    make('p', { class: 'soft' }, [moment(item.at), photos ? say('item.photos', { n: photos }) : null, item.tries ? say('item.tries', { n: item.tries }) : null].filter(Boolean).join(' · ')),
    item.state === 'refused' ? make('p', { class: 'problem' }, pick([item.problem.zh, item.problem.en])) : null,
    item.state === 'refused' ? make('div', { class: 'card-foot' }, button('main', say('item.edit'), () => edit(item)), button('second', say('item.drop'), () => remove(item))) : null);
}

async function edit(item) {
  (await import('./m_case.mjs')).openRefused(item, (what, changes) => (what === 'drop' ? remove(item) : resend(again(item, changes))));
}

async function remove(item) { await drop(item.id); await look(); }

const freshCard = (item) => make('article', { class: 'card' }, make('p', { class: 'card-top' }, make('strong', {}, item.title), make('span', { class: 'tag' }, say('item.sent'))), make('p', { class: 'soft' }, `${moment(item.at)} · ${say('report.looking')}`));

/** Who was found to have the power is what the reporter wants to know. */
function reportCard(report) {
  const found = [pick(report.department), report.team].filter(Boolean).join(' · ');
  return make('article', { class: 'card', 'data-report': report.id },
    make('p', { class: 'card-top' }, make('strong', {}, pick(report.matter) || say('report.title')), make('span', { class: `tag ${report.closed_at ? 'good' : ''}` }, pick(report.state_name) || say('report.opening'))),
    report.address ? make('p', { class: 'soft' }, report.address) : null,
    make('p', { class: found ? 'told' : 'soft', 'data-tone': 'good' }, found ? [glyph('found'), say('report.found', { who: found })] : say('report.looking')),
    make('p', { class: 'soft tiny' }, [moment(report.at), report.number, report.due_at && !report.closed_at ? say('due.at', { time: moment(report.due_at) }) : null].filter(Boolean).join(' · ')));
}
