/** What a resident keeps of an answer: where it stands, the code to ask with, and what came back. */
import { lang, make, moment, say } from '../../assets/modules/page.mjs';
import { grouped } from '../../assets/modules/seal.mjs';

const SIGNS = { sending: '↻', sent: '✓', filed: '✓', parked: '…', rejected: '!', refused: '!' };

/** @param {HTMLElement} box @param {import('../../assets/modules/answers.mjs').Answer} answer @param {() => void} correct */
export function showReceipt(box, answer, correct) {
  const { state, code, receipt, at } = answer, back = state === 'rejected' || state === 'refused';
  const title = make('h2', { tabindex: '-1', id: 'receipt-title' }, say(`form.state.${state}`));
  const parts = [
    make('p', { class: `sign ${state}`, 'aria-hidden': 'true' }, SIGNS[state]), title,
    make('p', { role: 'status' }, reason(answer)),
    back ? problems(answer) : null,
    back ? make('button', { type: 'button', class: 'main', id: 'correct', onclick: correct }, say('form.correct')) : null,
    receipt && !back ? make('p', { class: 'receipt-number' }, say('form.receipt', { number: receipt })) : null,
    ...(state === 'refused' ? [] : [make('p', { class: 'soft' }, say('form.code')), make('p', { class: 'code', id: 'code' }, grouped(code)), keeping(code)]),
    make('p', { class: 'soft' }, moment(at)),
  ];
  const isNews = box.hidden || box.dataset.state !== state;
  box.hidden = false;
  box.dataset.state = state;
  box.replaceChildren(...parts.filter(Boolean));
  if (isNews) { title.focus(); scrollTo(0, 0); }
}

function reason({ state, why }) {
  const key = why && `form.why.${why}`, own = key ? say(key) : key;
  if (state === 'refused') return own && own !== key ? own : say('refused');
  return say(`form.state.${state}.more`);
}

function problems({ problems: found = [] }) {
  if (!found.length) return null;
  return make('ul', { class: 'came-back-list' }, ...found.map((one) => make('li', {}, make('strong', {}, one.label), ` ${one[`message_${lang}`]}`)));
}

/** Keep the code: copied, on paper, or as a link to follow. */
function keeping(code) {
  const address = new URL(`/track${location.search}#${code}`, location.href).href, told = make('span', { role: 'status', class: 'soft' });
  const copy = make('button', { type: 'button', class: 'second', id: 'copy' }, say('done.copy'));
  copy.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(address); told.textContent = say('copied'); } catch { told.textContent = address; }
  });
  const print = make('button', { type: 'button', class: 'second', onclick: () => window.print() }, say('form.print'));
  return make('div', { class: 'row keeping' }, copy, print, make('a', { class: 'button second', href: `/track${location.search}#${code}` }, say('done.follow')), told);
}
