/* An XLSForm from the person's disk: dropped or chosen; what is wrong with it is said where it was dropped. */

import { h, icon } from './forms_dom.mjs';
import { csrfToken } from './post.mjs';

const TYPES = '.xlsx,.xls,.xlsm';

/** @param {import('./page.mjs').Page} page @param {(draft: number) => void} done */
export function upload(page, done) {
  const input = h('input', { type: 'file', accept: TYPES, class: 'unseen', onchange: () => send(input.files[0]) });
  const told = h('div', { class: 'begin-told', role: 'alert' });
  const way = h('label', { class: 'begin-way begin-upload' }, icon('upload'), h('b', { text: page.say('upload') }), h('span', { text: page.say('upload_text') }), input, told);

  async function send(file) {
    if (!file) return;
    told.replaceChildren(h('p', { class: 'begin-reading', text: page.say('reading', { name: file.name }) }));
    const answer = await fetch(`/api/forms/drafts/upload?name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file, headers: { 'X-CSRF-Token': csrfToken(), 'Content-Type': 'application/octet-stream' } }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    input.value = '';
    if (answer?.ok) return done(said.id);
    return told.replaceChildren(h('div', { class: 'begin-wrong' }, icon('triangle-alert'), h('b', { text: page.say('upload_failed') }), h('p', { text: said?.[page.language] ?? page.say('offline.text') }), said?.spot ? spot(page, said.spot) : null, h('small', { text: page.say('upload_again') })));
  }

  for (const name of ['dragover', 'dragenter']) way.addEventListener(name, (event) => mark(event, true));
  for (const name of ['dragleave', 'drop']) way.addEventListener(name, (event) => mark(event, false));
  way.addEventListener('drop', (event) => send(event.dataTransfer.files[0]));
  function mark(event, over) {
    event.preventDefault();
    way.classList.toggle('is-over', over);
  }
  return way;
}

/** The piece of the sheet that is meant, as it stands in the file, its cell marked. */
function spot(page, { sheet, row, column, columns, lines }) {
  const head = h('tr', {}, h('th', { scope: 'col' }, h('span', { class: 'unseen', text: page.say('spot_row') })), columns.map((name) => h('th', { scope: 'col', class: name === column ? 'is-meant' : '', text: name })));
  const body = lines.map((line) => h('tr', { class: line.row === row ? 'is-meant' : '' }, h('th', { scope: 'row', text: line.row }), line.cells.map((cell, at) => h('td', { class: line.row === row && (!column || columns[at] === column) ? 'is-meant' : '', 'aria-current': line.row === row && columns[at] === column ? 'true' : null, text: cell }))));
  return h('div', { class: 'begin-spot', role: 'region', tabindex: 0, 'aria-label': page.say('spot', { sheet }) }, h('table', {}, h('caption', { text: page.say('spot', { sheet }) }), h('thead', {}, head), h('tbody', {}, body)));
}
