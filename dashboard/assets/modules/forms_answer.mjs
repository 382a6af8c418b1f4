/* One answer whole: what it says with its repeats and pictures, and what was found of it. */

import { button, h, icon } from './forms_dom.mjs';

const ACTS = { approved: 'check', issue: 'triangle-alert', rejected: 'x', received: 'inbox' };

/** @param {object} answers the room @param {object} said the answer as the server tells it */
export function drawAnswer(answers, said) {
  const { page } = answers;
  const where = [said.from, said.area].filter(Boolean).join(' · ');
  const head = h('header', {},
    h('div', {}, h('h2', { text: page.say('answer_at', { time: page.moment(said.at) }) }), h('p', { text: [where, page.say('version', { n: said.version }), said.receipt].filter(Boolean).join(' · ') })),
    button(page.say('key.before'), 'arrow-up', () => answers.step(-1), { quiet: true }), button(page.say('key.next'), 'arrow-down', () => answers.step(1), { quiet: true }), button(page.say('close'), 'x', () => answers.close(), { quiet: true }));
  const parts = [head, h('div', { class: 'answer-said' }, values(answers, said, said.said)), history(page, said)];
  if (answers.form.may.includes('answer.review')) parts.splice(1, 0, reviewing(answers, said));
  answers.aside.replaceChildren(...parts);
}

function reviewing(answers, said) {
  const { page } = answers;
  const note = h('input', { type: 'text', class: 'answer-note', placeholder: page.say('note'), 'aria-label': page.say('note'), maxlength: 2000 });
  const told = h('p', { class: 'answer-told', role: 'alert' });
  const act = (state) => answers.review([said.id], state, note.value).catch((error) => (told.textContent = error.message));
  const acts = Object.entries(ACTS).filter(([state]) => state !== 'received' || said.review !== 'received').map(([state, drawing]) =>
    h('button', { type: 'button', class: `review-act is-${state}`, 'data-state': state, 'aria-pressed': String(said.review === state), onclick: () => act(state) }, icon(drawing), page.say(`do.${state}`)));
  return h('div', { class: 'answer-reviewing' }, note, h('div', { class: 'review-acts' }, acts), told);
}

function values(answers, said, { values: own, repeats }) {
  const list = h('dl', {}, own.map((one) => [h('dt', { text: one.label }), h('dd', {}, value(answers, said, one))]));
  return [list, ...repeats.map((repeat) => h('section', { class: 'answer-repeat' }, h('h3', {}, repeat.label, h('b', { text: String(repeat.rows.length) })), h('ol', {}, repeat.rows.map((row) => h('li', {}, values(answers, said, row))))))];
}

function value(answers, said, one) {
  const { page, base } = answers;
  if (one.kind === 'digest') {
    const file = said.files.find(({ digest, name }) => digest === one.value || name === one.value);
    if (!file) return String(one.value);
    const address = `${base}/answers/${said.id}/files/${file.digest}`;
    return h('a', { href: address, target: '_blank', class: 'answer-file' }, file.type.startsWith('image/') ? h('img', { src: address, alt: file.name, loading: 'lazy' }) : file.name);
  }
  if (one.place) return h('button', { type: 'button', class: 'desk-link', onclick: () => answers.turn('map') }, icon('map-pin'), ` ${one.value}`);
  if (Array.isArray(one.value)) return h('span', { class: 'answer-tags' }, one.value.map((each) => h('span', { text: each })));
  return typeof one.value === 'number' ? page.number.format(one.value) : String(one.value);
}

function history(page, said) {
  const line = (mark, text, when, note) => h('li', {}, h('i', { class: `review-mark is-${mark}` }), h('span', { text }), h('time', { text: page.moment(when) }), note ? h('p', { text: note }) : null);
  const reviews = said.reviews.map((one) => [one.at, line(one.state, page.say('reviewed', { who: one.who, state: page.say(`review.${one.state}`) }), one.at, one.note)]);
  const edits = said.edited_by.map((one) => [one.at, edit(page, one)]);
  const lines = [...reviews, ...edits].sort(([a], [b]) => a - b).map(([, each]) => each);
  return h('section', { class: 'answer-history' }, h('h3', { text: page.say('history') }), h('ol', {}, line('received', page.say('came'), said.at), lines));
}

/** One edit: who sent it when, and each question with what was said before and what is said since. */
function edit(page, { at, who, was, changes }) {
  const told = (value) => (value === null ? page.say('unanswered') : [value].flat().join('、'));
  const list = h('dl', { class: 'answer-changes' }, changes.map((one) => [h('dt', { text: one.label }), h('dd', {}, one.kind === 'digest' ? page.say('photo_changed') : [h('del', { text: told(one.before) }), h('ins', { text: told(one.after) })])]));
  return h('li', { class: 'is-edit' }, icon('pencil'), h('span', { text: page.say('edited_by', { who: who ?? page.say('resident') }) }), h('time', { text: page.moment(at) }), was === 'received' ? null : h('p', { text: page.say('edited_after', { state: page.say(`review.${was}`) }) }), changes.length ? list : h('p', { text: page.say('edited_nothing') }));
}
