/* Whether a form asks who fills it in, in a dialog: three ways to say it, each with what it means for who is asked. */

import { button, dialog, h } from './forms_dom.mjs';

const SETTING = 'needle_identity';
const DEMANDS = ['none', 'without_face', 'any'];

/** What a form demands; what is written otherwise is read as the most (`forms.identity.ways.read_demand`). */
export function demandOf(form) {
  const written = (form.settings ?? []).find(([name]) => name === SETTING)?.[1]?.trim().toLowerCase().replaceAll('-', '_') ?? '';
  return written ? (DEMANDS.includes(written) ? written : 'any') : 'none';
}

function withDemand(form, demand) {
  const others = (form.settings ?? []).filter(([name]) => name !== SETTING);
  return { ...form, settings: demand === 'none' ? others : [...others, [SETTING, demand]] };
}

/** @param {import('./forms_builder.mjs').Builder} builder */
export function identityDialog(builder) {
  const { page } = builder;
  dialog(page.say('identity'), 'builder-identity', (close) => {
    const now = demandOf(builder.form);
    const choice = (demand) => h('label', { class: 'identity-choice' },
      h('input', { type: 'radio', name: 'demand', value: demand, checked: demand === now, onchange: () => builder.set(withDemand(builder.form, demand)) }),
      h('b', { text: page.say(`identity.${demand}`) }), h('span', { text: page.say(`identity_text.${demand}`) }));
    return h('div', {}, h('header', {}, h('h2', { text: page.say('identity') }), button(page.say('close'), 'x', close, { quiet: true })),
      h('p', { class: 'media-about', text: page.say('identity_about') }),
      h('fieldset', { class: 'identity-choices' }, h('legend', { class: 'unseen', text: page.say('identity') }), DEMANDS.map(choice)),
      h('p', { class: 'media-about' }, page.say('identity_more'), ' ', h('a', { class: 'desk-link', href: '/identity', text: page.say('identity_rules') })));
  });
}
