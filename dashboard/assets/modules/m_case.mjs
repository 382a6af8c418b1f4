/** One case in a sheet: what it is, how to get there, and the steps that the person may take, each in a small form. */
import { button, closeSheets, distance, find, glyph, make, moment, openSheet, pick, say, toast } from './m_dom.mjs';
import { here, locate } from './m_here.mjs';
import { metresBetween } from './m_order.mjs';
import { photoRow, shownPhotos } from './m_photo.mjs';
import { pending, send, state } from './m_state.mjs';
import { forget, keep, read } from './m_store.mjs';
import { accept, countdown, tick } from './m_tasks.mjs';

/** What each step asks: photos and words may be wanted (true), possible (false), or not asked; `place`: where the phone is. */
const FORMS = {
  arrive: { before: false, words: false, place: true },
  finish: { before: false, photos: true, words: false, place: true },
  return: { photos: false, words: true, reasons: true },
  extend: { photos: false, words: true, reasons: true },
  pass: { photos: true, words: false, place: true },
  fail: { photos: false, words: true, place: true, reasons: true },
  confirm: { photos: true, words: false, place: true },
  remark: { photos: false, words: true },
  answer: { words: false, team: true },
  refuse: { words: true, reasons: true },
  finish_part: { photos: false, words: false, place: true },
  finish_jointly: { photos: false, words: false, place: true },
};

/** @param {object} found a task, a check, or a whistle (`whistle: true`) @param {string} [order] open this step at once */
export function openCase(found, order) {
  const sheet = openSheet(pick(found.matter));
  sheet.body.append(...(found.whistle ? whistleFacts(found) : facts(found)));
  sheet.foot.append(...steps(found));
  tick(sheet.body);
  if (order && order !== 'accept') void openForm(found, order);
}

function facts(task) {
  return [
    make('section', { class: 'hero' }, countdown(task.due_at), make('p', { class: 'soft' }, [pick(task.state_name), task.due_at ? say('due.at', { time: moment(task.due_at) }) : null].filter(Boolean).join(' · ')),
      make('p', { class: 'tags' }, task.urgent ? make('span', { class: 'tag urgent' }, say('urgent')) : null, task.returns ? make('span', { class: 'tag warn' }, say('returned', { n: task.returns })) : null, task.arrived_at ? make('span', { class: 'tag good' }, say('arrived', { time: moment(task.arrived_at) })) : null)),
    waiting(task.id),
    placeRow(task),
    task.text ? make('blockquote', {}, task.text) : null,
    shownPhotos(task.photos, openPhoto),
    make('dl', { class: 'facts' }, fact('fact.number', task.number), fact('fact.reported', moment(task.reported_at)), fact('fact.department', [pick(task.department), task.team].filter(Boolean).join(' · ')), fact('fact.closing', task.closing)),
  ].filter(Boolean);
}

function whistleFacts(whistle) {
  return [
    make('section', { class: 'hero' }, countdown(whistle.state === 'called' ? whistle.answer_by : whistle.arrive_by), make('p', { class: 'soft' }, say(whistle.state === 'called' ? 'whistle.answer' : 'whistle.arrive')),
      make('p', { class: 'tags' }, make('span', { class: 'tag' }, say(whistle.lead ? 'whistle.lead' : 'whistle.helper')), whistle.arrived_at ? make('span', { class: 'tag good' }, say('arrived', { time: moment(whistle.arrived_at) })) : null)),
    waiting(whistle.id),
    placeRow(whistle),
    make('dl', { class: 'facts' }, fact('fact.purpose', say(`purpose.${whistle.purpose}`)), fact('fact.arrive', whistle.arrive_by ? moment(whistle.arrive_by) : null), fact('fact.called', moment(whistle.called_at)), fact('fact.number', whistle.number), fact('fact.distance', whistle.distance_m === null ? null : distance(whistle.distance_m))),
  ].filter(Boolean);
}

const fact = (name, value) => (value ? [make('dt', {}, say(name)), make('dd', {}, value)] : null);

function waiting(id) {
  const waits = pending(`case:${id}`);
  return waits.length ? make('p', { class: 'waits' }, glyph('cloud'), waits.map((item) => `${item.title} (${say(`item.${item.state}`)})`).join(' · ')) : null;
}

function placeRow(found) {
  if (found.lng === null) return make('p', { class: 'soft' }, found.address ?? say('address.none'));
  const far = distance(metresBetween(here(), found));
  return make('section', { class: 'place-row' }, make('p', {}, glyph('pin'), make('span', {}, found.address ?? say('address.none')), far ? make('span', { class: 'far' }, far) : null),
    make('div', { class: 'row' }, button('second', say('navigate'), () => navigateTo(found)), button('second', say('on.map'), async () => (await import('./m_map.mjs')).showPlace(found))));
}

/** The next step large under the thumb, the others beside or behind it. */
function steps(found) {
  if (pending(`case:${found.id}`).some((item) => item.state === 'waiting') && !found.orders.includes('finish')) return [];
  const [next, second, ...rest] = found.orders;
  const step = (order, kind) => (order ? button(kind, say(`order.${order}`), () => (order === 'accept' ? accept(found).then(closeSheets) : openForm(found, order)), { 'data-order': order }) : null);
  const more = found.whistle ? rest : [...rest, 'remark'];
  return [step(second, 'second'), step(next, 'main'), more.length ? button('quiet', say('more'), () => openMore(found, more)) : null].filter(Boolean);
}

function openMore(found, orders) {
  const sheet = openSheet(say('more'), { small: true });
  sheet.body.append(make('div', { class: 'column' }, orders.map((order) => button('second', say(`order.${order}`), () => openForm(found, order), { 'data-order': order }))));
}

/** Ways there: the phone's own map, the apps that people here have, and our map. */
export function navigateTo({ lng, lat, address, matter }) {
  const name = encodeURIComponent(address ?? pick(matter)), at = `${lat},${lng}`;
  const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  const ways = isApple
    ? [['nav.apple', `maps://?daddr=${at}&q=${name}`], ['nav.amap', `iosamap://path?sourceApplication=needle&dlat=${lat}&dlon=${lng}&dname=${name}&dev=1&t=0`]]
    : [['nav.phone', `geo:${at}?q=${at}(${name})`], ['nav.amap', `androidamap://route?sourceApplication=needle&dlat=${lat}&dlon=${lng}&dname=${name}&dev=1&t=0`]];
  const sheet = openSheet(say('navigate'), { small: true });
  sheet.body.append(make('div', { class: 'column' }, ways.map(([words, address_]) => make('a', { class: 'button second', href: address_ }, say(words))), button('second', say('nav.own'), async () => (await import('./m_map.mjs')).showPlace({ lng, lat, address, matter }))));
}

function openPhoto(address) {
  openSheet(say('photo')).body.append(make('img', { class: 'whole', src: address, alt: say('photo') }));
}

/** The form of one step; what was written is kept until it is sent. */
async function openForm(found, order) {
  const form = FORMS[order], about = `case:${found.id}`, draft = `draft:${order}:${found.id}`;
  const sheet = openSheet(say(`order.${order}`)), lists = { ...(form.before === undefined ? {} : { before: [] }), ...(form.photos === undefined ? {} : { photos: [] }) };
  const kept = (await read(draft)) ?? {};
  let place = null;
  const words = make('textarea', { rows: 3, maxlength: 2000, id: 'step-words', placeholder: say(`words.${order}`) });
  words.value = kept.words ?? '';
  words.addEventListener('input', () => { problem.hidden = true; void keep(draft, { words: words.value }); });
  const told = make('p', { class: 'told', role: 'status' });
  const team = form.team && state.data.teams.length ? make('select', { id: 'step-team' }, make('option', { value: '' }, say('team.none')), state.data.teams.map(([id, name]) => make('option', { value: id }, name))) : null;
  const problem = make('p', { class: 'problem', role: 'alert', hidden: true }), hide = () => { problem.hidden = true; };
  sheet.body.append(...[
    make('p', { class: 'lead' }, say(`ask.${order}`)),
    form.place ? told : null,
    team ? make('section', { class: 'field' }, make('label', { for: 'step-team' }, say('team')), team) : null,
    form.before === undefined ? null : photoRow(say('photos.before'), lists.before, hide),
    form.photos === undefined ? null : photoRow(say(order === 'finish' ? 'photos.after' : 'photos.spot'), lists.photos, hide),
    form.words === undefined ? null : make('section', { class: 'field' }, make('label', { for: 'step-words' }, say(form.words ? 'words.why' : 'words')), form.reasons ? chips(order, words) : null, words),
    problem].filter(Boolean));
  if (form.place) place = whereAmI(found, told, (next) => { place = next; });
  const submit = async () => {
    const missing = form.photos && !lists.photos.length ? 'need.photo' : form.words && !words.value.trim() ? 'need.words' : null;
    if (missing) { problem.textContent = say(missing); problem.hidden = false; problem.scrollIntoView({ block: 'center' }); return; }
    const fix = await place;
    if (order === 'arrive' && !fix) { problem.textContent = say('need.place'); problem.hidden = false; return; }
    const body = { order, case: found.id, words: words.value.trim(), ...(fix ? { place: { lng: fix.lng, lat: fix.lat, accuracy_m: fix.accuracy_m } } : {}), ...(team?.value ? { team: Number(team.value) } : {}) };
    await send({ kind: 'order', about, title: say(`order.${order}`), body, photos: lists });
    await forget(draft);
    closeSheets();
    toast(say(state.reach ? 'said.sent' : 'said.kept', { what: say(`order.${order}`) }), 'good');
  };
  sheet.foot.append(button(order === 'refuse' || order === 'fail' ? 'danger' : 'main', say(`do.${order}`), submit, { 'data-submit': order }));
}

/** Ready reasons: a touch writes them. */
function chips(order, words) {
  const join = say('reason.join');
  return make('div', { class: 'chips' }, say(`reasons.${order}`).split('|').map((reason) => make('button', { type: 'button', class: 'chip', onclick: () => { words.value = [words.value, reason].filter(Boolean).join(join); words.dispatchEvent(new Event('input')); } }, reason)));
}

/** Where the phone is, told with its distance to the case; the map instead, when none is found. */
async function whereAmI(found, told, chosen) {
  const tell = (fix) => {
    const far = metresBetween(fix, found);
    told.textContent = far === null ? say('here.found', { m: fix.accuracy_m }) : say('here.far', { distance: distance(far), m: fix.accuracy_m });
    told.dataset.tone = far !== null && far > 200 + fix.accuracy_m ? 'warn' : 'good';
    return fix;
  };
  told.textContent = say('here.looking');
  try { return tell(await locate()); } catch {
    told.replaceChildren(say('here.none'), ' ', button('quiet', say('here.map'), async () => {
      const picked = await (await import('./m_map.mjs')).pickPlace({ lng: found.lng, lat: found.lat });
      if (picked) chosen(tell(picked));
    }));
    return null;
  }
}

/** The form of an item that was refused, to be changed and sent again. @param {import('./m_outbox.mjs').Item} item */
export function openRefused(item, act) {
  const sheet = openSheet(item.title), words = make('textarea', { rows: 4, maxlength: 2000, id: 'again-words' });
  words.value = item.body.words ?? '';
  const photos = item.photos.photos ?? [];
  sheet.body.append(make('p', { class: 'problem' }, pick([item.problem.zh, item.problem.en])), make('section', { class: 'field' }, make('label', { for: 'again-words' }, say('words')), words), photoRow(say('photos.spot'), photos, () => {}));
  sheet.foot.append(button('danger', say('item.drop'), () => { act('drop'); sheet.close(); }), button('main', say('item.again'), () => { act('again', { body: { ...item.body, words: words.value.trim() }, photos: { ...item.photos, photos } }); sheet.close(); }));
  find('textarea', sheet.body).focus();
}
