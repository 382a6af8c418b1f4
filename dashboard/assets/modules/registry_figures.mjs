/* What the registry holds, in figures: three kinds of record with what is amiss in them, and how much of forms filled itself in. */

import { h, icon } from './forms_dom.mjs';
import { kindIcon } from './registry_find.mjs';

const KINDS = ['person', 'household', 'enterprise'];

/** @returns {HTMLElement[]} a card a kind, which chooses it, and the two figures of filling in */
export function figures(page, { total, filling, least }, chosen, onKind) {
  const cards = KINDS.map((kind) => card(page, kind, total[kind], kind === chosen, least, onKind));
  return [h('div', { class: 'registry-cards' }, cards), filled(page, filling)];
}

function card(page, kind, { n, missing, stale }, chosen, least, onKind) {
  const amiss = (name, value) => h('span', { class: `registry-amiss${value >= 25 ? ' is-amiss' : ''}` }, h('i', { class: `amiss-${name}` }), page.say(`amiss.${name}`, { share: value ?? '–' }));
  return h('button', { type: 'button', class: 'registry-card', 'data-kind': kind, 'aria-pressed': String(chosen), onclick: () => onKind(kind) },
    h('span', { class: 'registry-card-name' }, kindIcon(kind), page.say(`kind.${kind}`)), h('b', { text: n === null ? page.say('few', { n: least }) : page.number.format(n) }), amiss('missing', missing), amiss('stale', stale));
}

function filled(page, { avoided, share, asked, corrected }) {
  const figure = (name, value, note) => h('div', { class: 'registry-figure', 'data-figure': name }, h('b', { text: value }), h('span', { text: page.say(`figure.${name}`) }), h('small', { text: note }));
  return h('div', { class: 'registry-filled' }, icon('sparkles'),
    figure('avoided', page.number.format(avoided), page.say('figure.avoided_of', { n: page.number.format(corrected) })),
    figure('share', share === null ? '–' : `${share}%`, page.say('figure.share_of', { n: page.number.format(asked) })));
}
