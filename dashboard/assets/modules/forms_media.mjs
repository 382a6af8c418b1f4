/* The files that a form shows, in a dialog: dropped or chosen, listed with what asks for them; and how a question shows one. */

import { button, change, dialog, h, icon } from './forms_dom.mjs';
import { languagesOf, update } from './forms_model.mjs';
import { Refusal } from './office.mjs';
import { csrfToken } from './post.mjs';

const ACCEPT = 'image/jpeg,image/png,image/webp,audio/*,video/mp4,video/webm';
const COLUMNS = { image: 'image', audio: 'audio', video: 'video' };
const OWN = /^(?:media::)?(image|audio|video)(?:::.*)?$/;

/** @param {import('./forms_builder.mjs').Builder} builder */
export function mediaDialog(builder) {
  const { page } = builder;
  dialog(page.say('media'), 'builder-media', (close) => {
    const told = h('p', { class: 'publish-told', role: 'alert' });
    const list = h('ul', { class: 'media-list' });
    const draw = () => list.replaceChildren(...builder.media.map((file) => line(builder, file, draw)));
    const add = async (files) => {
      for (const file of files) {
        told.textContent = page.say('reading', { name: file.name });
        try {
          await keep(builder, file);
          told.textContent = '';
        } catch (error) {
          told.textContent = error.message;
          break;
        }
        draw();
      }
      await builder.settled();
    };
    const input = h('input', { type: 'file', multiple: true, accept: ACCEPT, class: 'unseen', onchange: () => add([...input.files]) });
    const way = h('label', { class: 'media-drop' }, icon('upload'), h('span', { text: page.say('media_drop') }), input);
    way.addEventListener('dragover', (event) => event.preventDefault());
    way.addEventListener('drop', (event) => {
      event.preventDefault();
      add([...event.dataTransfer.files]);
    });
    draw();
    return h('div', {}, h('header', {}, h('h2', { text: page.say('media') }), button(page.say('close'), 'x', close, { quiet: true })), h('p', { class: 'media-about', text: page.say('media_text') }), way, told, list);
  });
}

/** Put a file into the draft under its own name. Throws a Refusal. */
export async function keep(builder, file) {
  const answer = await fetch(`${builder.base}/media/${encodeURIComponent(file.name)}`, { method: 'PUT', body: file, headers: { 'X-CSRF-Token': csrfToken(), 'Content-Type': 'application/octet-stream' } }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok) throw answer ? new Refusal(said, builder.page.language, answer.status) : new Error(builder.page.say('offline.text'));
  builder.media = said.media;
}

function line(builder, file, draw) {
  const { page } = builder;
  const drop = async () => {
    builder.media = (await change(page, 'DELETE', `${builder.base}/media/${encodeURIComponent(file.name)}`)).media;
    draw();
    await builder.settled();
  };
  const kind = file.type.split('/')[0];
  return h('li', {}, icon({ image: 'image', audio: 'mic' }[kind] ?? 'file-text'), h('b', { text: file.name }), h('small', { text: page.say('media_size', { kb: page.number.format(Math.ceil(file.bytes / 1024)) }) }), button(page.say('remove'), 'trash-2', drop, { quiet: true }));
}

/** What a question shows, by kind. */
export const shownBy = (node) => Object.fromEntries((node.more ?? []).map(([column, name]) => [OWN.exec(column)?.[1], name]).filter(([kind, name]) => kind && name));

/** The field of a question's picture or sound: one of the form's files, or one from the disk. */
export function mediaField(builder, node) {
  const { page } = builder;
  const now = Object.values(shownBy(node))[0] ?? '';
  const put = (name) => {
    const kind = builder.media.find((file) => file.name === name)?.type.split('/')[0] ?? 'image';
    const others = (builder.node.more ?? []).filter(([column]) => !OWN.test(column));
    const own = name ? languagesOf(builder.form).map((language) => [language ? `${COLUMNS[kind]}::${language}` : COLUMNS[kind], name]) : [];
    builder.set(update(builder.form, node.key, { more: [...others, ...own] }));
  };
  const select = h('select', { 'data-field': 'media', 'aria-label': page.say('media_of'), onchange: () => put(select.value) }, h('option', { value: '', text: page.say('media_none') }), [...new Set([...builder.media.map(({ name }) => name), now])].filter(Boolean).map((name) => h('option', { value: name, selected: name === now, text: name })));
  const told = h('small', { role: 'alert' });
  const input = h('input', { type: 'file', accept: ACCEPT, class: 'unseen', onchange: async () => {
    try {
      await keep(builder, input.files[0]);
      put(input.files[0].name);
    } catch (error) {
      told.textContent = error.message;
    }
  } });
  return h('div', { class: 'editor-field' }, h('span', { text: page.say('media_of') }), h('div', { class: 'media-field' }, select, h('label', { class: 'desk-button' }, icon('upload'), page.say('media_add'), input)), told);
}
