/* What can be added: types of questions, and questions of the bank that are about a field of the registry. */

import { button, dialog, h, icon } from './forms_dom.mjs';
import { anyText } from './forms_model.mjs';
import { ICONS } from './forms_outline.mjs';

const KINDS = ['text', 'integer', 'decimal', 'select_one', 'select_multiple', 'yes_no', 'date', 'time', 'geopoint', 'photo', 'range', 'rank', 'note', 'calculate', 'begin_group', 'begin_repeat'];
const OWN = { yes_no: 'toggle-left', begin_group: 'folder', begin_repeat: 'repeat' };

/** @param {object} builder @param {(what: { kind?: string, bank?: object }) => void} done */
export function addDialog(builder, done) {
  const { page, said, language } = builder;
  dialog(page.say('add'), 'builder-palette', (close) => {
    const pick = (what) => {
      close();
      done(what);
    };
    const kinds = KINDS.map((kind) => h('button', { type: 'button', class: 'palette-kind', 'data-kind': kind, onclick: () => pick({ kind }) }, icon(OWN[kind] ?? ICONS[kind]), page.say(`type.${kind}`)));
    const banked = said.bank.map((bank) => h('button', { type: 'button', class: 'palette-bank', 'data-field': bank.question.needle_field, onclick: () => pick({ bank }) }, icon(ICONS[bank.question.type] ?? 'type'), h('span', { text: anyText(bank.question.labels, language) }), h('small', { text: page.say(`group.${bank.group}`) })));
    return h('div', {}, h('header', {}, h('h2', { text: page.say('add') }), button(page.say('close'), 'x', close, { quiet: true })), h('div', { class: 'palette-kinds' }, kinds), h('h3', { text: page.say('bank') }), h('div', { class: 'palette-banked' }, banked));
  });
}
