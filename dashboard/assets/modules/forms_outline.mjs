/* The list of questions: chosen by a click or arrows, moved by dragging or Alt and arrows. */

import { button, h, icon } from './forms_dom.mjs';
import { anyText, find, move, walk } from './forms_model.mjs';

export const ICONS = { text: 'type', integer: 'hash', decimal: 'percent', date: 'calendar', time: 'clock', dateTime: 'calendar-days', select_one: 'circle-dot', select_multiple: 'list-checks', rank: 'list-ordered', range: 'sliders-horizontal', geopoint: 'map-pin', photo: 'camera', note: 'message-square', calculate: 'calculator', barcode: 'barcode', audio: 'mic' };
export const iconOf = (node) => (node.children ? { repeat: 'repeat' }[node.kind] ?? 'folder' : (ICONS[node.type] ?? 'file-text'));

export function drawOutline(builder) {
  const wrong = new Set(builder.told.problems.map(({ place }) => String(place)));
  const lines = [...walk(builder.form.children)].map((one) => line(builder, one, wrong.has(String(one.place))));
  builder.outline.replaceChildren(...(lines.length ? lines : [h('p', { class: 'builder-none', text: builder.page.say('outline_none') })]));
  builder.outline.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
}

function line(builder, { node, depth, place }, wrong) {
  const { page, language } = builder;
  const label = anyText(node.labels, language) || node.name;
  const marks = [node.required && 'required', node.relevant && 'relevant', node.constraint && 'constraint', node.needle_field && 'bound'].filter(Boolean);
  const chosen = node.key === builder.chosen;
  const made = h('div', { class: `outline-line depth-${Math.min(depth, 4)}${wrong ? ' is-wrong' : ''}`, role: 'option', draggable: 'true', 'aria-selected': String(chosen), 'data-name': node.name, 'aria-level': depth + 1, onclick: () => builder.choose(node.key) },
    h('span', { class: 'outline-grip' }, icon('grip-vertical')), icon(iconOf(node)),
    h('span', { class: 'outline-text' }, h('b', { text: label.split('\n')[0] }), h('small', { text: `${place.map((at) => at + 1).join('.')} · ${node.name}` })),
    h('span', { class: 'outline-marks' }, marks.map((mark) => h('span', { text: page.say(`mark.${mark}`) }))),
    chosen ? h('span', { class: 'outline-acts' }, button(page.say('duplicate'), 'copy', (event) => act(event, () => builder.copy(node.key)), { quiet: true }), button(page.say('remove'), 'trash-2', (event) => act(event, () => builder.drop(node.key)), { quiet: true })) : null);
  made.addEventListener('dragstart', (event) => event.dataTransfer.setData('text/plain', String(node.key)));
  made.addEventListener('dragover', (event) => {
    event.preventDefault();
    made.dataset.drop = zone(event, made, node);
  });
  made.addEventListener('dragleave', () => delete made.dataset.drop);
  made.addEventListener('drop', (event) => {
    event.preventDefault();
    builder.set(dropped(builder.form, Number(event.dataTransfer.getData('text/plain')), node, zone(event, made, node)));
  });
  return made;
}

function act(event, what) {
  event.stopPropagation();
  what();
}

/* Above, below, or into a group. */
function zone(event, made, node) {
  const { top, height } = made.getBoundingClientRect();
  const at = (event.clientY - top) / height;
  if (node.children && at > 0.3 && at < 0.95) return 'into';
  return at < 0.5 ? 'above' : 'below';
}

function dropped(form, key, node, where) {
  if (key === node.key) return form;
  const { parent, index } = find(form, node.key);
  return where === 'into' ? move(form, key, node.key, node.children.length) : move(form, key, parent, where === 'above' ? index : index + 1);
}
