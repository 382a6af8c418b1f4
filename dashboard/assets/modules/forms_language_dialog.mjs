/* The languages of a form, in a dialog: which there are and how far each is written; add, rename, remove, put first. */

import { button, confirm, dialog, h } from './forms_dom.mjs';
import { addLanguage, isLanguage, putFirst, removeLanguage, renameLanguage, written } from './forms_languages.mjs';
import { languageFor, languagesOf } from './forms_model.mjs';

/** Those that are offered by name, the page's own first; any other may be written. */
const offered = (page) => page.say('languages_offered').split('|');

/** @param {import('./forms_builder.mjs').Builder} builder */
export function languagesDialog(builder) {
  const { page } = builder;
  dialog(page.say('languages'), 'builder-languages', (close) => {
    const body = h('div', { class: 'languages-body' });
    const set = (form) => {
      if (form !== builder.form) builder.set(form);
      if (!languagesOf(builder.form).includes(builder.language)) builder.language = languageFor(builder.form, page.language);
      builder.draw();
      draw();
    };
    const draw = () => body.replaceChildren(...languagesOf(builder.form).map((name, at) => line(builder, name, at, set)), adding(builder, set));
    draw();
    return h('div', {}, h('header', {}, h('h2', { text: page.say('languages') }), button(page.say('close'), 'x', close, { quiet: true })), body);
  });
}

function line(builder, name, at, set) {
  const { page, form } = builder;
  const [done, all] = written(form, name);
  const input = h('input', { value: name, 'aria-label': page.say('language_name'), 'data-language': name, placeholder: page.say('language_unnamed'), onchange: () => {
    const wish = input.value.trim();
    input.setCustomValidity(isLanguage(wish) || wish === name ? '' : page.say('language_wrong'));
    if (!input.reportValidity()) return;
    set(renameLanguage(builder.form, name, wish));
  } });
  const only = languagesOf(form).length < 2;
  const drop = async () => {
    if (!done || await confirm(page, page.say('language_remove_sure', { name, n: done }), page.say('remove'))) set(removeLanguage(builder.form, name));
  };
  return h('div', { class: 'language-line' }, input, h('small', { class: done < all ? 'is-short' : '', text: page.say('language_written', { n: done, all }) }),
    button(page.say('language_first'), 'arrow-up', () => set(putFirst(builder.form, name)), { quiet: true, disabled: at === 0 || !name }),
    button(page.say('remove'), 'trash-2', drop, { quiet: true, name: 'language-remove', disabled: only }));
}

function adding(builder, set) {
  const { page, form } = builder;
  const list = h('datalist', { id: 'languages-offered' }, offered(page).filter((one) => !languagesOf(form).includes(one)).map((value) => h('option', { value })));
  const input = h('input', { class: 'language-new', list: 'languages-offered', 'aria-label': page.say('language_add'), placeholder: page.say('language_form') });
  const add = () => {
    const name = input.value.trim();
    input.setCustomValidity(isLanguage(name) ? '' : page.say('language_wrong'));
    if (!input.reportValidity()) return;
    set(addLanguage(languagesOf(builder.form)[0] === '' ? renameLanguage(builder.form, '', offered(page)[0]) : builder.form, name));
  };
  input.addEventListener('input', () => input.setCustomValidity(''));
  input.addEventListener('keydown', (event) => event.key === 'Enter' && (event.preventDefault(), add()));
  return h('div', { class: 'language-line' }, input, list, button(page.say('language_add'), 'plus', add, { name: 'language-add' }));
}
