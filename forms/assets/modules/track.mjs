/** Where a report or an answer stands: its steps in plain words, the promised time, and the way back when it is not solved. */
import { all, keepSendingAnswers } from './answers.mjs';
import { isWaiting, keepSending, learnKey, paper, read, refusal, send, store } from './mailbox.mjs';
import { find, lang, make, moment, say } from './page.mjs';
import { canSeal, fromBase64, grouped, mailId, newId, openReply, readCode } from './seal.mjs';

const MINE = 'needle.mine', ASKED = 'needle.asked', AGAIN_MS = 5_000, STAGES = ['received', 'sent', 'work', 'check', 'closed'];
let timer = null, words = null, city = null, code = null, shown = '';

async function look() {
  clearTimeout(timer);
  const id = await mailId(code);
  try {
    const standing = await read(`/api/standing/${id}`);
    if (standing?.sealed) show(await openReply(code, id, fromBase64(standing.sealed)));
    else tell(standing?.problem ? `problem.${standing.problem}` : standing?.waiting ? 'stand.waiting' : isWaiting(id) ? 'stand.here' : refusal(id) ? 'stand.refused' : 'stand.unknown');
  } catch (error) {
    tell(error instanceof TypeError ? 'stand.offline' : 'stand.broken');
  }
  timer = setTimeout(look, AGAIN_MS);
}

function tell(key) {
  if (shown === key) return;
  shown = key;
  find('#story').replaceChildren(make('p', { class: 'card' }, say(key)));
}

function show(reply) {
  const text = JSON.stringify(reply);
  if (shown === text || find('#story')?.contains(document.activeElement) && document.activeElement.tagName === 'TEXTAREA') return;
  shown = text;
  if (reply.kind === 'answer') { showAnswer(reply); return; }
  const [stage] = words[reply.state];
  find('#story').replaceChildren(...[heading(reply), bar(stage), promise(reply), steps(reply), wayBack(reply)].filter(Boolean));
}

/** An answer to a form; this phone may have it still, and correct it. */
async function showAnswer({ state, receipt, title, problems = [] }) {
  const own = (await all()).find((answer) => answer.code === code), back = state === 'rejected';
  find('#story').replaceChildren(
    make('header', {}, make('h2', {}, title ?? say('form.answer')), make('p', { class: back ? 'late' : 'now' }, say(`form.state.${state}`))),
    make('p', {}, say(`form.state.${state}.more`)),
    ...(receipt && !back ? [make('p', { class: 'code' }, say('form.receipt', { number: receipt }))] : []),
    ...(problems.length ? [make('ul', {}, ...problems.map((one) => make('li', {}, make('strong', {}, one.label), ` ${one[`message_${lang}`]}`)))] : []),
    ...(own ? [make('p', {}, make('a', { class: 'button main', href: `/f/${own.token}${location.search}` }, say(back ? 'form.correct' : 'form.open')))] : []),
  );
}

const plain = (state) => words[state][lang === 'zh' ? 1 : 2];
const at = (seconds) => moment(seconds, city?.timezone);

function heading(reply) {
  const name = reply.matter?.[lang] ?? say('stand.report');
  return make('header', {}, make('h2', {}, name), reply.number ? make('p', { class: 'soft' }, say('stand.number', { number: reply.number })) : null, make('p', { class: 'now' }, plain(reply.state)));
}

/** How far it has come, for the eye; the list below says the same in words. */
function bar(stage) {
  const reached = STAGES.indexOf(stage === 'ended' ? 'closed' : stage);
  return make('ol', { class: 'bar', 'aria-hidden': 'true' }, ...STAGES.map((name, number) => make('li', { class: number < reached ? 'done' : number === reached ? 'here' : '' }, say(`stage.${name}`))));
}

function promise(reply) {
  if (reply.closed) return make('p', {}, say('stand.closed', { at: at(reply.closed) }));
  if (!reply.due) return null;
  const late = reply.due * 1000 < Date.now();
  return make('p', { class: late ? 'late' : '' }, say(late ? 'stand.late' : 'stand.due', { at: at(reply.due) }), reply.department ? ` ${say('stand.by', { name: reply.department[lang] })}` : '');
}

function steps(reply) {
  const items = [...reply.steps].reverse().map(([seconds, state]) => make('li', {}, make('time', { datetime: new Date(seconds * 1000).toISOString() }, at(seconds)), make('span', {}, plain(state))));
  return make('section', {}, make('h3', {}, say('stand.steps')), make('ol', { class: 'steps' }, ...items));
}

function wayBack(reply) {
  if (!reply.reopen_until || reply.reopen_until * 1000 < Date.now()) return null;
  const told = make('p', { role: 'status' }), field = make('textarea', { id: 'why', rows: 3, maxlength: 2000, required: true });
  const button = make('button', { type: 'submit', class: 'second' }, say('unsolved.send'));
  const form = make('form', { class: 'card', id: 'unsolved' }, make('h3', {}, say('unsolved.title')), make('p', { class: 'soft' }, say('unsolved.until', { at: at(reply.reopen_until) })), make('label', { for: 'why' }, say('unsolved.why')), field, button, told);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    const id = newId(), outcome = await send(id, 'unsolved', { v: 1, code, words: field.value.trim() }).catch(() => 'failed');
    told.textContent = say(outcome === 'sent' ? 'unsolved.sent' : outcome === 'kept' ? 'unsolved.kept' : 'send.failed');
    if (outcome === 'sent' || outcome === 'kept') field.disabled = true;
    else button.disabled = false;
    told.tabIndex = -1;
    told.focus();
    if (outcome === 'sent' || outcome === 'kept') store.set(ASKED, JSON.stringify({ ...asked(), [code]: id }));
    if (outcome === 'sent') hear(id);
  });
  return form;
}

const asked = () => JSON.parse(store.get(ASKED) ?? '{}');

/** Wait until the mail was fetched; when the case is not taken up again, say why. */
async function hear(id) {
  const standing = await read(`/api/standing/${id}`).catch(() => ({ waiting: true }));
  if (standing?.waiting) setTimeout(hear, AGAIN_MS, id);
  else if (standing?.problem) answer(say('unsolved.refused'));
  else if (standing?.sealed) {
    const { refused, days } = await openReply(code, id, fromBase64(standing.sealed)).catch(() => ({ refused: 'refused' }));
    answer(say(`unsolved.${refused}`, { days }));
  } else look();
}

/** What the office answered to "not solved"; it stays until there is another answer, whatever the story does. */
function answer(text) {
  if (find('#answer').textContent !== text) find('#answer').textContent = text;
}

function listMine() {
  const mine = JSON.parse(store.get(MINE) ?? '[]');
  if (!mine.length) return;
  find('#mine').hidden = false;
  find('#mine ul').replaceChildren(...mine.map((one) => make('li', {}, make('a', { href: `/track${location.search}#${one.code}` }, one.name || grouped(one.code)), make('span', { class: 'soft' }, ` ${at(one.at)}`))));
}

/** The code of the address: after the #, where no server sees it; in the path where somebody typed it there. */
function codeOfAddress() {
  const inPath = location.pathname.split('/')[2];
  if (inPath) history.replaceState(null, '', `/track${location.search}#${inPath}`);
  return readCode(decodeURIComponent(location.hash.slice(1)));
}

function open() {
  code = codeOfAddress();
  if (!code) { clearTimeout(timer); listMine(); return; }
  find('#code-field').value = grouped(code);
  shown = '';
  answer('');
  tell('stand.looking');
  look();
  if (asked()[code]) hear(asked()[code]);
}

async function start() {
  if (!canSeal()) { find('#story').replaceChildren(make('p', { class: 'trouble' }, say('need.https'))); return; }
  [words, city] = await Promise.all(['steps', 'city'].map(paper));
  if (!words) { tell('not.ready'); return; }
  find('#ask').addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = readCode(find('#code-field').value);
    find('#code-told').textContent = typed ? '' : say('code.wrong');
    if (typed) location.hash = typed;
  });
  addEventListener('hashchange', open);
  keepSending(() => code && look());
  keepSendingAnswers(() => code && look());
  learnKey();
  open();
  document.body.dataset.ready = '1';
  performance.mark('ready');
}
start().catch(() => tell('stand.offline'));
