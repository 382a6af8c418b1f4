/* The form on a phone, as whoever is asked meets it: answers can be tried, simple conditions hold as they will. */

import { button, h, icon } from './forms_dom.mjs';
import { anyText, choicesOf, languagesOf } from './forms_model.mjs';
import { holds, parse } from './forms_rules.mjs';

const UNSEEN = new Set(['calculate', 'hidden', 'start', 'end', 'today', 'deviceid', 'username', 'phonenumber', 'email', 'audit']);
const INPUTS = { integer: 'number', decimal: 'number', date: 'date', time: 'time', dateTime: 'datetime-local' };

export function drawPreview(builder) {
  const { form, page, phone, language } = builder;
  const scrolled = phone.querySelector('.phone-screen')?.scrollTop ?? 0;
  const languages = languagesOf(form).filter(Boolean);
  const choose = languages.length > 1 ? h('div', { class: 'phone-languages' }, languages.map((one) => h('button', { type: 'button', 'aria-pressed': String(one === language), text: one.replace(/\s*\(.*\)/, ''), onclick: () => { builder.language = one; builder.draw({ quiet: true }); } }))) : null;
  const screen = h('div', { class: 'phone-screen' }, h('h2', { text: form.title }), nodes(builder, form.children), h('button', { type: 'button', class: 'phone-send', disabled: true, text: page.say('phone_send') }));
  phone.replaceChildren(h('div', { class: 'phone-head' }, icon('smartphone'), page.say('preview'), choose), h('div', { class: 'phone' }, screen));
  screen.scrollTop = scrolled;
}

function nodes(builder, all) {
  return all.filter((node) => holds(node.relevant ? parse(node.relevant) : null, builder.answers)).map((node) => (node.children ? group(builder, node) : UNSEEN.has(node.type) ? null : question(builder, node)));
}

function group(builder, node) {
  const add = node.kind === 'repeat' ? button(builder.page.say('phone_repeat'), 'plus', () => {}, { name: 'phone-repeat', disabled: true }) : null;
  return h('fieldset', { class: `phone-group is-${node.kind ?? 'group'}` }, h('legend', { text: anyText(node.labels, builder.language) }), nodes(builder, node.children), add);
}

function question(builder, node) {
  const { language, answers, page } = builder;
  const label = (anyText(node.labels, language) || node.name).replaceAll(/\$\{\s*([\w.-]+)\s*\}/g, (_, name) => String(answers[name] ?? '…'));
  const told = anyText(node.hints, language);
  const answer = answers[node.name] ?? '';
  const wrong = String(answer) !== '' && node.constraint && !holds(parse(node.constraint), answers, answer);
  return h('div', { class: `phone-question${node.key === builder.chosen ? ' is-chosen' : ''}`, 'data-asks': node.name, onclick: () => builder.chosen !== node.key && builder.choose(node.key) },
    h('p', { class: 'phone-label' }, label, node.required ? h('em', { text: ' *' }) : null), told ? h('p', { class: 'phone-hint', text: told }) : null, control(builder, node, answer),
    wrong ? h('p', { class: 'phone-wrong', text: anyText(node.constraint_messages, language) || page.say('phone_wrong') }) : null);
}

function control(builder, node, answer) {
  const put = (value) => {
    builder.answers = { ...builder.answers, [node.name]: value };
    drawPreview(builder);
  };
  if (node.type === 'note') return null;
  if (node.type === 'select_one' || node.type === 'select_multiple') return choices(builder, node, answer, put);
  if (node.type === 'rank') return h('ol', { class: 'phone-rank' }, choicesOf(builder.form, node.list_name).map((one) => h('li', { text: anyText(one.labels, builder.language) })));
  if (node.type === 'geopoint') return h('span', { class: 'phone-button' }, icon('map-pin'), builder.page.say('phone_place'));
  if (node.type === 'photo') return h('span', { class: 'phone-button' }, icon('camera'), builder.page.say('phone_photo'));
  if (node.type === 'range') {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => new RegExp(`${name}=(-?[\\d.]+)`).exec(node.parameters ?? '')?.[1]);
    return h('input', { type: 'range', min: start ?? '0', max: end ?? '10', step: step ?? '1', 'aria-label': node.name, value: answer || start || '0', onchange: (event) => put(event.target.value) });
  }
  const text = node.type === 'text' && /multiline/.test(node.appearance ?? '');
  return h(text ? 'textarea' : 'input', { ...(!text && { type: INPUTS[node.type] ?? 'text' }), 'aria-label': node.name, value: answer, onchange: (event) => put(event.target.value) });
}

function choices(builder, node, answer, put) {
  const several = node.type === 'select_multiple';
  const chosen = several ? (Array.isArray(answer) ? answer : []) : [answer];
  return h('div', { class: `phone-choices${/horizontal|likert/.test(node.appearance ?? '') ? ' is-row' : ''}` }, choicesOf(builder.form, node.list_name).map((one) =>
    h('label', {}, h('input', { type: several ? 'checkbox' : 'radio', name: `try-${node.key}`, checked: chosen.includes(one.name), onchange: (event) => put(several ? (event.target.checked ? [...chosen, one.name] : chosen.filter((name) => name !== one.name)) : one.name) }), anyText(one.labels, builder.language) || one.name)));
}
