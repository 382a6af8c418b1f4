/* Saved analyses: a name for what the page shows; one's own, and what others share. */

import { h, icon } from './forms_dom.mjs';
import { post } from './post.mjs';

const ADDRESS = '/api/desk/views';

/**
 * Where hotspots are kept: each is a name for an address of their page. `list` gives what is saved, the others what went wrong, in words.
 * @typedef {{ list: () => Promise<object[]>, save: (named: {name: string, shared: boolean}) => Promise<string|null>, drop: (id: number) => Promise<string|null>, href: (one: object) => string }} Shelf
 * @param {object} spots the page @returns {Shelf}
 */
const views = (spots) => ({
  async list() {
    const answer = await fetch(`${ADDRESS}?page=hotspots`).catch(() => null);
    return answer?.ok ? (await answer.json()).views : [];
  },
  save: (named) => tell(spots.page, 'POST', ADDRESS, { page: 'hotspots', query: spots.written(), ...named }),
  drop: (id) => tell(spots.page, 'DELETE', `${ADDRESS}/${id}`),
  href: addressOf,
});

/** @param {object} spots the page @param {Shelf} [shelf] @returns {HTMLElement} a button with its menu */
export function savedMenu(spots, shelf = views(spots)) {
  const { page } = spots;
  const menu = h('div', { class: 'spots-menu', hidden: true });
  const button = h('button', { type: 'button', class: 'desk-button', 'aria-expanded': 'false', onclick: () => toggle() }, icon('star'), h('span', { text: page.say('saved') }));
  const toggle = async (open = menu.hidden) => {
    menu.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) await draw(page, menu, shelf);
  };
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    toggle(false);
    button.focus();
  });
  return h('div', { class: 'spots-saved-host' }, button, menu);
}

async function draw(page, menu, shelf) {
  const told = h('p', { class: 'desk-told', role: 'status' });
  const name = h('input', { name: 'name', maxLength: 60, required: true, placeholder: page.say('saved_name'), 'aria-label': page.say('saved_name') });
  const shared = h('input', { type: 'checkbox', name: 'shared' });
  const form = h('form', { class: 'desk-saving', onsubmit: async (event) => {
    event.preventDefault();
    const trouble = await shelf.save({ name: name.value, shared: shared.checked });
    if (trouble) told.textContent = trouble;
    else draw(page, menu, shelf);
  } }, name, h('label', { class: 'desk-choice' }, shared, h('span', { text: page.say('saved_shared') })), h('button', { type: 'submit', class: 'desk-button is-main', text: page.say('save') }), told);
  const lines = (await shelf.list()).map((view) => h('div', { class: 'desk-view' }, h('a', { href: shelf.href(view), text: view.name }, view.mine ? null : h('span', { class: 'desk-n', text: view.owner })), view.mine ? h('button', { type: 'button', class: 'desk-act', 'aria-label': page.say('saved_delete'), title: page.say('saved_delete'), onclick: async () => {
    const trouble = await shelf.drop(view.id);
    if (trouble) told.textContent = trouble;
    else draw(page, menu, shelf);
  } }, icon('trash-2')) : null));
  menu.replaceChildren(form, ...(lines.length ? lines : [h('p', { class: 'desk-wait', text: page.say('saved_none') })]));
  name.focus();
}

function addressOf({ query }) {
  const kept = new URLSearchParams(query);
  const now = new URLSearchParams(location.search);
  for (const key of ['lang', 'theme']) if (now.has(key)) kept.set(key, now.get(key));
  return `${location.pathname}?${kept}`;
}

/** Ask for a change. @returns {Promise<string|null>} what went wrong, in words */
export async function tell(page, method, address, said) {
  const answer = await post(address, said, { method }).catch(() => null);
  if (answer?.ok) return null;
  return (await answer?.json().catch(() => null))?.[page.language] ?? page.say('failed');
}
