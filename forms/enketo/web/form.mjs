/** The page on which a resident answers: what a link asks for, kept on the phone from the first letter, sent once, followed to its end. */
import './old.mjs';
import { forget, hear, keep, keepSendingAnswers, kept } from '../../assets/modules/answers.mjs';
import { learnKey, paper, read } from '../../assets/modules/mailbox.mjs';
import { find, lang, make, moment, say } from '../../assets/modules/page.mjs';
import { canSeal } from '../../assets/modules/seal.mjs';
import { showReceipt } from './receipt.mjs';

const token = decodeURIComponent(location.pathname.split('/')[2] ?? '').toUpperCase().replaceAll(/[\s-]/g, ''), AGAIN_MS = 5_000;
const engine = import('./writing.mjs');
engine.catch(() => { /* told where it is waited for */ });
const editing = () => import('./editing.mjs');
/** The city's time zone, in which its deadlines are said whatever the phone's is. */
let zone;

async function start() {
  if (!canSeal()) { tell('need.https'); return; }
  const [{ seen, why }, mine, city] = await Promise.all([look(), kept(token), paper('city').catch(() => null)]);
  zone = city?.timezone;
  const link = seen ?? mine?.link, isSent = mine && mine.state !== 'draft';
  if (!link || (why === 'link.unknown' && !isSent)) { tell(why); return; }
  head(link);
  keepSendingAnswers((answer) => { if (answer.token === token) show(answer); });
  learnKey();
  if (isSent) { show({ ...mine, link }); return; }
  if (link.state !== 'open' && !(mine?.replaces && (await editing()).mayEdit(mine, link))) { tell(`link.${link.state}`, mine ? 'form.closed.kept' : null); return; }
  await write(link, mine);
}

/** What the link leads to now, or why that cannot be known. */
async function look() {
  try {
    const seen = await read(`/api/links/${encodeURIComponent(token)}`);
    return { seen, why: seen ? null : 'link.unknown' };
  } catch (error) {
    return { seen: null, why: error.message === '429' ? 'link.often' : 'link.offline' };
  }
}

function head({ title, asks, until, state }) {
  document.title = title;
  find('#title').textContent = title;
  find('#asks').textContent = say('link.asks', { name: asks });
  find('#until').textContent = state === 'open' ? say('link.until', { at: moment(Date.parse(until) / 1000, zone) }) : say(`link.${state}`);
  find('#until').classList.toggle('late', state !== 'open');
}

function closeForm() {
  find('#form-box').hidden = true;
  for (const id of ['#progress', '#far']) find(id).hidden = true;
  find('#saved').textContent = '';
  document.body.classList.remove('underway');
}

function tell(key, more = null) {
  closeForm();
  find('#told').hidden = false;
  find('#told').replaceChildren(make('p', {}, say(key)), ...(more ? [make('p', { class: 'soft' }, say(more))] : []));
  ready();
}

function ready() {
  if (document.body.dataset.ready) return;
  document.body.dataset.ready = '1';
  performance.mark('ready');
  if (navigator.serviceWorker) navigator.serviceWorker.register('/form-worker.js', { scope: '/f/' }).catch(() => { /* the page works without */ });
}

/** Write an answer, or correct one that came back. */
async function write(link, mine, problems = []) {
  if (!link.paper) { tell('link.soon'); return; }
  const [sheet, { openWriting }] = await Promise.all([paper((mine?.replaces && mine.link.paper) || link.paper), engine]);
  if (!sheet) { tell('link.soon'); return; }
  find('#told').hidden = true;
  find('#receipt').hidden = true;
  find('#form-box').hidden = false;
  await openWriting({ token, link: mine?.replaces ? mine.link : link, sheet, mine, problems, sent: show });
  if (mine?.replaces) (await editing()).banner(find('#form-box'), () => unedit(mine.filed));
  ready();
}

let timer = null;
/** Where an answer that was sent stands; asked again until the office has decided. */
function show(answer) {
  clearTimeout(timer);
  closeForm();
  find('#told').hidden = true;
  showReceipt(find('#receipt'), answer, () => correct(answer));
  ready();
  if (answer.state === 'sent' || answer.state === 'filed') offerMore(answer);
  if (answer.state === 'filed') import('./identity_step.mjs').then(({ askIdentity }) => askIdentity(find('#receipt'), answer));
  if (answer.state === 'sent' || answer.state === 'parked') follow(answer);
}

async function follow(answer) {
  clearTimeout(timer);
  const next = document.hidden ? answer : await hear(answer).catch(() => answer);
  if (next.state === answer.state) timer = setTimeout(follow, AGAIN_MS, answer);
  else show(next);
}

/** Take an answer that came back in hand again; it will be sent under a new code. */
async function correct(answer) {
  const draft = { ...answer, state: 'draft', code: null };
  await keep(draft);
  const link = (await look()).seen ?? answer.link;
  head(link);
  if (link.state !== 'open' && !(draft.replaces && (await editing()).mayEdit(draft, link))) { await keep(answer); tell(`link.${link.state}`); return; }
  await write(link, draft, answer.problems ?? []);
}

/** Correct an answer that was filed, as long as its link lasts. */
async function edit(answer) {
  const draft = (await editing()).draftOf(answer);
  await keep(draft);
  await write(answer.link, draft);
}

/** Leave what was filed as it is. */
async function unedit(filed) {
  await keep(filed);
  location.reload();
}

/** Have this phone forget what was answered; its code and receipt stay. */
async function erase(answer) {
  const bare = { ...answer, instance: null, files: [] };
  await keep(bare);
  show(bare);
}

/** What may still be done with an answer that was sent: correct it; answer once more where the link may be used again. */
async function offerMore(answer) {
  const { seen, why } = await look(), box = find('#receipt'), { state } = answer;
  if (box.dataset.state !== state) return;
  if (state === 'filed' && answer.instance && (seen || why === 'link.unknown')) {
    const { mayEdit, offer } = await editing();
    if (mayEdit(answer, seen)) offer(box, { edit: () => edit(answer), forget: () => erase(answer) });
    else await keep({ ...answer, instance: null, files: [] });
  }
  if (seen?.state !== 'open' || find('#again')) return;
  box.append(make('button', { type: 'button', class: 'second', id: 'again', onclick: () => afresh(seen) }, say('form.again')));
}

async function afresh(link) {
  await forget(token);
  head(link);
  await write(link, null);
}

/* The fragment holds the key of what is known already; it must outlive a change of language. */
for (const other of document.querySelectorAll('a[hreflang]')) other.hash = location.hash;
document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
start().catch((error) => { console.warn(error); tell('link.offline'); });
