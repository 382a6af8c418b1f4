/* Finding one case by words, in a small dialog. */

import { get } from './office.mjs';
import { element } from './page.mjs';

const TYPING_MS = 200;
const LISTED = 8;

/**
 * @param {object} page
 * @param {string[]} states the case must be in one of them
 * @returns {Promise<number|null>} its id; null when cancelled
 */
export function chooseCase(page, states) {
  return new Promise((done) => {
    const dialog = element('dialog', 'act-form');
    const head = element('header');
    head.append(element('h2', '', page.say('find.title')));
    const search = Object.assign(document.createElement('input'), { type: 'search', placeholder: page.say('search_hint'), autocomplete: 'off', spellcheck: false });
    const list = element('div', 'act-list');
    const fields = element('div', 'act-fields');
    fields.append(search, list);
    dialog.append(head, fields);
    const take = (id) => dialog.close(String(id));
    const look = async () => {
      const query = new URLSearchParams({ lang: page.language, state: states.join(), sort: 'queue', end: LISTED, text: search.value.trim() });
      const { rows } = await get(page, `/api/desk/rows?${query}`).catch(() => ({ rows: [] }));
      list.replaceChildren(...rows.map((row, at) => line(row, at === 0, take)));
      if (!rows.length) list.append(element('p', 'act-note', page.say('nothing')));
    };
    let timer;
    search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(look, TYPING_MS);
    });
    dialog.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target === search) list.querySelector('.act-line')?.click();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      done(Number(dialog.returnValue) || null);
    });
    document.body.append(dialog);
    dialog.showModal();
    search.focus();
    look();
  });
}

function line(row, first, take) {
  const made = element('button', 'act-line');
  made.type = 'button';
  made.setAttribute('aria-selected', String(first));
  made.append(element('b', '', row.title), element('span', '', [row.number, row.state, row.department].filter(Boolean).join(' · ')));
  made.addEventListener('click', () => take(row.id));
  return made;
}
