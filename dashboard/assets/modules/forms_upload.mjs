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
    return told.replaceChildren(h('div', { class: 'begin-wrong' }, icon('triangle-alert'), h('b', { text: page.say('upload_failed') }), h('p', { text: said?.[page.language] ?? page.say('offline.text') }), h('small', { text: page.say('upload_again') })));
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
