/**
 * Who somebody is, said by one of three ways of the same standing: a face, a code by message, a grid worker in person. Everything
 * goes as sealed letters through the mailbox; what is compared is compared on the government's side.
 */
import { capture } from './camera.mjs';
import { governmentKey, post, read } from './mailbox.mjs';
import { lang, make, moment, say } from './page.mjs';
import { fromBase64, letterInfo, mailId, newCode, openReply, pack, seal } from './seal.mjs';

const LOOK_MS = 1_500, ADULT = 14;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Send a letter. @returns {Promise<{code: string, id: string}>} throws with the portal's code where it is not taken */
async function deliver(content, frames = []) {
  const code = newCode(), id = await mailId(code), { key_id: key, public_key: point } = await governmentKey();
  const whole = { ...content, code, language: lang, files: frames.map(({ name }) => ({ name })) };
  const sealed = await seal(pack(whole, frames.map(({ bytes }) => bytes)), fromBase64(point), letterInfo(id, 'identity'));
  const answer = await post({ id, kind: 'identity', key, sealed });
  if (!answer?.ok) throw new Error(answer ? (await answer.json().catch(() => ({}))).code ?? `${answer.status}` : 'offline');
  return { code, id };
}

/** Wait for the office's word on a letter. @param {(reply: object) => boolean} isEnough @param {() => boolean} isOver */
async function hear({ code, id }, isEnough, isOver) {
  while (!isOver()) {
    const standing = await read(`/api/standing/${id}`).catch(() => null);
    if (standing?.problem) throw new Error(standing.problem);
    if (standing?.sealed) {
      const reply = await openReply(code, id, fromBase64(standing.sealed));
      if (isEnough(reply)) return reply;
    }
    await pause(LOOK_MS);
  }
  return null;
}

/**
 * Draw the ways into a box and go through one of them. What is waited for is kept, so that a page that is opened anew goes on waiting.
 * @param {HTMLElement} box
 * @param {{about: {of?: string, person?: object}, ways: string[], paper: object, kept?: object, keep: (state: object) => void,
 *   onPassed?: (shown: {way: string, pass: string, at: number}) => void}} what `onPassed`: in place of saying that it has passed
 */
export function identify(box, { about, ways, paper, kept = {}, keep, onPassed }) {
  const here = make('section', { class: 'identity', 'aria-labelledby': 'identity-title' });
  box.append(here);
  let turn = 0, { receipt } = kept;
  const proofOf = () => (receipt ? make('p', { class: 'soft' }, say('identity.receipt', { receipt })) : null);
  const show = (...parts) => { turn += 1; here.replaceChildren(...parts.filter(Boolean)); here.querySelector('[tabindex="-1"]')?.focus(); };
  const title = (key, values) => make('h3', { id: 'identity-title', tabindex: '-1' }, say(key, values));
  const button = (key, onclick, kind = '') => make('button', { type: 'button', class: kind, onclick }, say(key));
  const isOver = () => { const mine = turn; return () => mine !== turn; };
  const working = (key) => show(title(key), make('p', { role: 'status', class: 'soft' }, say('identity.wait')));
  const attempt = (work) => async () => {
    try { await work(); } catch (error) { console.warn(error); choose(ways, say('identity.trouble')); }
  };

  /** Wait for the office's word on a letter, through whatever happens to this page. @param {{letter: object, begun?: object}} sent */
  async function follow(way, { letter, begun }) {
    keep({ way, letter, begun, receipt });
    working(`identity.way.${way}`);
    const reply = await hear(letter, (word) => word.state !== 'waiting', isOver());
    if (reply) await go(reply, begun ?? letter);
  }

  function choose(offered, told = '') {
    const row = make('div', { class: 'ways' }, ...offered.map((way) => make('button', { type: 'button', 'data-way': way, onclick: attempt(() => begin(way)) }, make('strong', {}, say(`identity.way.${way}`)), make('span', { class: 'soft' }, say(`identity.way.${way}.${way === 'face' && about.person ? 'kept' : 'more'}`)))));
    show(title('identity.title'), told ? make('p', { role: 'alert', class: 'trouble-text' }, told) : null, make('p', {}, say('identity.same')), row);
  }

  async function begin(way) {
    if (way === 'face') { consent(); return; }
    working(`identity.way.${way}`);
    await follow(way, { letter: await deliver({ ...about, step: 'begin', way }) });
  }

  function consent() {
    const { notice, purpose } = paper, box = make('input', { type: 'checkbox', id: 'agree' }), keeps = make('input', { type: 'checkbox', id: 'keeps' });
    const born = make('input', { id: 'born', inputmode: 'numeric', placeholder: '1950-01-31', autocomplete: 'bday', maxlength: '10' });
    const guardian = make('input', { id: 'guardian', autocomplete: 'off', maxlength: '80' });
    const child = make('div', { hidden: true }, make('label', { for: 'guardian' }, say('identity.guardian')), guardian, make('p', { class: 'soft' }, say('identity.guardian.more')));
    const told = make('p', { role: 'alert', class: 'trouble-text' });
    born.addEventListener('input', () => { child.hidden = !isChild(born.value); });
    const agree = attempt(async () => {
      if (!isDay(born.value)) { told.textContent = say('identity.born.wrong'); born.focus(); return; }
      if (!box.checked) { told.textContent = say('identity.agree.first'); box.focus(); return; }
      if (isChild(born.value) && !guardian.value.trim()) { told.textContent = say('identity.guardian.first'); guardian.focus(); return; }
      const said = { version: notice.version, ticked: box.checked, born: born.value, guardian: isChild(born.value) ? guardian.value : '' };
      working('identity.way.face');
      await follow('face', { letter: await deliver({ ...about, step: 'begin', way: 'face', consent: said, keeps: keeps.checked }) });
    });
    show(
      title('identity.consent'), make('div', { class: 'notice', tabindex: '0', role: 'region', 'aria-label': say('identity.consent') }, ...notice[lang].split('\n').map((line) => make('p', {}, line))),
      make('p', { class: 'soft' }, say('identity.purpose', { ...purpose, version: notice.version })),
      make('label', { for: 'born' }, say('identity.born')), born, child,
      make('label', { class: 'tick', for: 'agree' }, box, say('identity.agree')), make('label', { class: 'tick', for: 'keeps' }, keeps, say('identity.keeps', { days: purpose.days })), told,
      make('div', { class: 'ways two' }, button('identity.agree.go', agree), button('identity.other', () => choose(ways.filter((way) => way !== 'face')))),
    );
  }

  /** Go on with what the office said. */
  async function go(reply, begun) {
    const { state, way } = reply;
    receipt = state === 'asked' ? reply.receipt : receipt;
    if (state === 'asked' && way === 'sms') code(reply, begun);
    else if (state === 'asked' && way === 'worker') { keep({ way, code: reply.code, qr: reply.qr, until: reply.until, begun }); await visit({ ...reply, begun }); } else if (state === 'asked') await face(reply, begun);
    else if (state === 'again' && way === 'sms') code(reply, begun, say('identity.code.again', { n: reply.left }));
    else if (state === 'passed') { const shown = { state, way, pass: reply.pass, receipt, at: Date.now() }; keep(shown); passed(shown); } else if (state === 'withdrawn') choose(ways, say('identity.withdrawn', { receipt: reply.receipt }));
    else if (state === 'no_phone') choose(reply.ways, say('identity.no_phone'));
    else if (state === 'refused') choose(ways, reply.problem[lang] ?? reply.problem.message ?? say('identity.trouble'));
    else choose(reply.ways?.length ? reply.ways : ways, [say(state === 'failed' ? 'identity.failed' : 'identity.over'), ...(reply.why ?? []).map((why) => say(`identity.why.${why}`))].join(' '));
  }

  function code(reply, begun, told = '') {
    const typed = make('input', { id: 'typed', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6' });
    const check = attempt(async () => {
      working('identity.way.sms');
      await follow('sms', { letter: await deliver({ ...about, step: 'proof', way: 'sms', begun: begun.code, typed: typed.value.trim() }), begun });
    });
    show(
      title('identity.way.sms'), told ? make('p', { role: 'alert', class: 'trouble-text' }, told) : null, make('p', {}, say(reply.tail ? 'identity.code.sent' : 'identity.code.maybe', { tail: reply.tail })),
      make('label', { for: 'typed' }, say('identity.code')), typed, make('div', { class: 'ways two' }, button('identity.code.check', check, 'main'), button('identity.other', () => choose(ways))),
    );
  }

  async function visit({ code: shown, qr, until, begun }) {
    show(
      title('identity.way.worker'), make('p', {}, say('identity.visit')), qr ? drawn(qr) : null, make('p', { class: 'code', id: 'visit-code' }, `${shown.slice(0, 4)} ${shown.slice(4)}`),
      make('p', { class: 'soft' }, say('identity.visit.until', { at: moment(until) })), make('div', { class: 'ways two' }, button('identity.other', () => choose(ways))),
    );
    const reply = await hear(begun, (word) => word.state !== 'asked', isOver());
    if (reply) await go(reply, begun);
  }

  async function face(reply, begun) {
    const steps = ['front', ...reply.asked, ...(reply.needs_document ? ['document'] : [])], over = isOver();
    const frames = await capture((...parts) => here.replaceChildren(...[title('identity.way.face'), ...parts, proofOf()].filter(Boolean)), steps, () => choose(ways));
    if (!frames || over()) return;
    working('identity.way.face');
    await follow('face', { letter: await deliver({ ...about, step: 'proof', way: 'face', begun: begun.code }, frames), begun });
  }

  function passed(shown) {
    const { way } = shown;
    if (onPassed) { turn += 1; here.remove(); onPassed(shown); return; }
    const back = way === 'face' ? button('identity.withdraw', attempt(async () => {
      working('identity.withdraw');
      const over = isOver(), letter = await deliver({ ...about, step: 'withdraw', way }), reply = await hear(letter, () => true, over);
      if (reply) await go(reply, letter);
    })) : null;
    show(title('identity.passed'), make('p', { role: 'status', id: 'identity-passed' }, say(`identity.passed.${way}`)), way === 'face' ? proofOf() : null, back);
  }

  if (kept.state === 'passed') passed(kept);
  else if (kept.way === 'worker' && kept.until * 1000 > Date.now()) visit(kept).catch(console.warn);
  else if (kept.letter) attempt(() => follow(kept.way, kept))();
  else choose(ways);
}

/** The code as a picture for the worker's phone. @param {string[]} rows of 0 and 1 */
function drawn(rows) {
  const side = rows.length + 8, dark = rows.flatMap((row, y) => [...row].flatMap((bit, x) => (bit === '1' ? [`M${x + 4} ${y + 4}h1v1h-1z`] : [])));
  const picture = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${side} ${side}`, class: 'visit-qr', role: 'img', 'aria-label': say('identity.visit.qr') })) picture.setAttribute(name, value);
  path.setAttribute('d', dark.join(''));
  picture.append(path);
  return picture;
}

const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && Date.parse(text) < Date.now();
function isChild(text) {
  if (!isDay(text)) return false;
  const [year, month, day] = text.split('-').map(Number), now = new Date();
  return now.getFullYear() - year - (now.getMonth() + 1 < month || (now.getMonth() + 1 === month && now.getDate() < day) ? 1 : 0) < ADULT;
}
