/**
 * What is held about somebody: they say who they are, ask by a sealed letter, and open here what was sealed to a key of this browser.
 * A letter goes by mail: it waits for the courier, and the page waits with it, also when it is closed and opened again.
 */
import { identify } from './identity.mjs';
import { isWaiting, keepSending, learnKey, paper, read, refusal, send } from './mailbox.mjs';
import { record } from './mine_record.mjs';
import { drop, keep, load } from './mine_store.mjs';
import { find, lang, make, say } from './page.mjs';
import { canSeal, fromBase64, mailId, newCode, newPair, openReply, openSealed, packetInfo, pointOf, toBase64 } from './seal.mjs';

const LOOK_MS = 1_500, PASS_MS = 30 * 60_000, NUMBER = /^\d{17}[\dX]$/;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
let state = {}, known = null, last = null, turn = 0, ending = null;

const save = (more) => { state = { ...state, ...more }; return keep(state); };
function tell(key, values) {
  const text = key ? say(key, values) : '';
  if (find('#told').textContent !== text) find('#told').textContent = text;
}

/** Where somebody is on their way: not begun, saying who they are, asking, or looking. */
function go() {
  turn += 1;
  const { identity, person, ask: asked } = state, isOver = identity?.state === 'passed' && Date.now() > identity.at + PASS_MS;
  if (isOver) { leave('mine.over'); return; }
  find('#who').hidden = Boolean(person);
  find('#identity').replaceChildren();
  if (!person) return;
  if (identity?.state !== 'passed') {
    identify(find('#identity'), { about: { person }, ways: known.mine, paper: known, kept: identity, keep: (now) => save({ identity: now }), onPassed: () => go() });
    find('#identity').append(make('p', {}, make('button', { type: 'button', onclick: () => leave() }, say('mine.else'))));
  } else if (asked) hear();
  else ask({ step: 'look' });
}

/** Ask, correct or take back; the answer is a packet to a key that is made for it. */
async function ask(what) {
  const code = newCode(), id = await mailId(code), pair = await newPair(), { pass } = state.identity;
  await save({ pair, ask: { code, id, step: what.step } });
  const letter = { v: 1, code, pass, to: toBase64(await pointOf(pair)), ...what };
  try { await send(id, 'mine', letter); } catch { tell('mine.offline'); addEventListener('online', () => ask(what), { once: true }); return; }
  hear();
}

async function hear() {
  turn += 1;
  const mine = turn, { ask: { code, id }, pair } = state;
  find('#record').setAttribute('aria-busy', 'true');
  while (mine === turn) {
    const standing = await read(`/api/standing/${id}`).catch(() => null);
    if (mine !== turn) return;
    if (standing?.sealed) { await show(await openReply(code, id, fromBase64(standing.sealed)), id, pair); return; }
    if (standing?.problem || refusal(id)) { leave('mine.refused'); return; }
    if (standing && !standing.waiting && !isWaiting(id)) { await save({ ask: null }); leave('mine.over'); return; }
    tell(standing?.waiting ? 'mine.mailbox' : 'mine.here');
    await pause(LOOK_MS);
  }
}

async function show(reply, id, pair) {
  if (reply.state === 'over') { leave('mine.over'); return; }
  if (reply.state === 'refused') {
    await save({ ask: null });
    if (last) draw(reply.problem[lang] ?? reply.problem.message, false);
    else ask({ step: 'look' });
    return;
  }
  const raw = await openSealed(fromBase64(reply.packet), pair, packetInfo(id));
  last = JSON.parse(new TextDecoder().decode(raw));
  clearTimeout(ending);
  ending = setTimeout(() => leave('mine.over'), Math.max(0, last.until * 1000 - Date.now()));
  draw({ correct: say('mine.corrected'), withdraw: say('mine.withdrawn', { receipt: reply.receipt, n: reply.erased }) }[reply.did] ?? '', true);
}

function draw(told, isGood) {
  tell('');
  const acts = { correct: (field, value) => act({ step: 'correct', field, value }), withdraw: (consent) => act({ step: 'withdraw', consent }), again: () => act({ step: 'look' }), leave: () => leave() };
  const news = told ? make('p', { class: isGood ? 'card well' : 'trouble', id: 'news', role: isGood ? 'status' : 'alert', tabindex: '-1' }, told) : null;
  find('#record').setAttribute('aria-busy', 'false');
  find('#record').replaceChildren(...[news, ...record(last, acts)].filter(Boolean));
  news?.focus();
  document.body.dataset.shown = `${Number(document.body.dataset.shown ?? 0) + 1}`;
}

async function act(what) {
  tell('mine.sending');
  find('#told').scrollIntoView({ block: 'nearest' });
  await ask(what);
}

/** Forget everything on this phone, and begin anew. */
async function leave(why = '') {
  turn += 1;
  clearTimeout(ending);
  state = {};
  last = null;
  await drop();
  find('#record').replaceChildren();
  find('#who').reset();
  go();
  tell(why);
}

function begin(event) {
  event.preventDefault();
  const name = find('#name').value.trim(), number = find('#number').value.trim().toUpperCase();
  find('#number-told').textContent = NUMBER.test(number) ? '' : say('mine.number.wrong');
  if (!NUMBER.test(number)) { find('#number').focus(); return; }
  tell('');
  save({ person: { name, id_number: number }, identity: {} }).then(go);
}

async function start() {
  if (!canSeal()) { find('#record').replaceChildren(make('p', { class: 'trouble' }, say('need.https'))); return; }
  [state, known] = await Promise.all([load(), paper('identity')]);
  if (!known?.mine) { tell('not.ready'); return; }
  find('#who').addEventListener('submit', begin);
  keepSending();
  learnKey();
  go();
  document.body.dataset.ready = '1';
  performance.mark('ready');
}
start().catch((error) => { console.warn(error); tell('stand.offline'); });
