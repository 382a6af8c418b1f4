/** A worker confirms in person who a resident is: their code typed or photographed, compared with their document, confirmed. */
import { button, find, make, openSheet, pick, say, toast } from './m_dom.mjs';
import { shrink } from './m_photo.mjs';
import { ask } from './m_send.mjs';

/** The way in. @returns {HTMLElement} */
export const visitCard = () => make('section', { class: 'card row between', id: 'visit' },
  make('div', {}, make('h2', {}, say('visit')), make('p', { class: 'soft' }, say('visit.what'))), button('second', say('visit.begin'), open, { id: 'visit-begin' }));

/** Two steps on one sheet: the code; then the person beside their document. */
function open() {
  const sheet = openSheet(say('visit'), { small: true });
  const code = make('input', { id: 'visit-code', class: 'visit-code', inputmode: 'numeric', autocomplete: 'off', maxlength: '9', placeholder: '0000 0000' });
  const picture = make('input', { type: 'file', id: 'visit-picture', accept: 'image/*', capture: 'environment', class: 'unseen' });
  const problem = make('p', { class: 'problem', role: 'alert', hidden: true });
  const tell = (text) => { problem.textContent = text; problem.hidden = !text; };
  const look = async () => {
    tell('');
    const found = await said('/api/identity/visit', { body: JSON.stringify({ code: code.value }) }, tell);
    if (found) compare(sheet, code.value, found);
  };
  code.addEventListener('input', () => { tell(''); if (code.value.replaceAll(/\D/g, '').length === 8) void look(); });
  picture.addEventListener('change', async () => {
    const [file] = picture.files;
    picture.value = '';
    if (!file) return;
    tell('');
    const bytes = await shrink(file).catch(() => null), found = bytes && await said('/api/identity/scan', { body: bytes, type: 'image/jpeg' }, tell);
    if (found) { code.value = found.code; await look(); } else if (!bytes) tell(say('photo.failed'));
  });
  sheet.body.append(make('p', { class: 'lead' }, say('visit.ask')), make('section', { class: 'field' }, make('label', { for: 'visit-code' }, say('visit.code')), code), problem,
    make('div', { class: 'column' }, make('label', { class: 'button second', for: 'visit-picture' }, say('visit.scan')), picture));
  code.focus();
}

function compare(sheet, code, { name, id_number: number }) {
  const problem = make('p', { class: 'problem', role: 'alert', hidden: true });
  const confirm = button('main', say('visit.confirm'), async () => {
    confirm.disabled = true;
    const done = await said('/api/identity/confirm', { body: JSON.stringify({ code }) }, (text) => { problem.textContent = text; problem.hidden = false; });
    confirm.disabled = false;
    if (!done) return;
    sheet.close();
    toast(say('visit.done', { name }), 'good');
  }, { id: 'visit-confirm' });
  sheet.body.replaceChildren(make('p', { class: 'lead' }, say('visit.compare')),
    make('dl', { class: 'visitor' }, make('dt', {}, say('visit.name')), make('dd', {}, name || say('visit.unnamed')), ...(number ? [make('dt', {}, say('visit.number')), make('dd', {}, number)] : [])), problem);
  sheet.foot.replaceChildren(button('quiet', say('visit.other'), () => sheet.close()), confirm);
  find('#visit-confirm').focus();
}

/** What the server says, or null with a sentence for who asks. */
async function said(address, options, tell) {
  const answer = await ask(address, options);
  if (answer?.status === 200) return answer.body;
  tell(answer ? pick([answer.body?.zh, answer.body?.en]) || say('offline.later') : say('offline.later'));
  return null;
}
