/* The chosen question: its words in every language, its answers, when it is asked, and what is accepted. */

import { button, h } from './forms_dom.mjs';
import { mediaField, shownBy } from './forms_media.mjs';
import { SELECTS, anyText, choicesOf, freeChoice, languagesOf, rename, textIn, update, usersOf, withList, withText } from './forms_model.mjs';
import { ruleEditor } from './forms_rule_editor.mjs';

const NAME = /^[A-Za-z_\p{L}][\w.\-\p{L}]*$/u;
const PLAIN = ['text', 'integer', 'decimal', 'date', 'time', 'geopoint', 'photo', 'note', 'calculate', 'range'];

export function drawEditor(builder) {
  const { node, page } = builder;
  if (!node) return builder.editor.replaceChildren(h('p', { class: 'builder-none', text: page.say('editor_none') }));
  const parts = node.children ? groupParts(builder, node) : questionParts(builder, node);
  return builder.editor.replaceChildren(...parts.filter(Boolean));
}

const patch = (builder, node, fields, what, options) => builder.set(update(builder.form, node.key, fields), what && `${node.key}:${what}`, options);

function questionParts(builder, node) {
  const { page } = builder;
  const silent = node.type === 'calculate';
  return [
    head(builder, node),
    !silent && texts(builder, node, 'labels', 'label', true),
    !silent && texts(builder, node, 'hints', 'hint'),
    SELECTS.includes(node.type) && choices(builder, node),
    node.type === 'range' && line(builder, node, 'parameters'),
    silent && line(builder, node, 'calculation'),
    !silent && mediaField(builder, node),
    !silent && node.type !== 'note' && flag(builder, node),
    ruleEditor(builder, node, 'relevant'),
    !silent && node.type !== 'note' && ruleEditor(builder, node, 'constraint'),
    node.constraint && texts(builder, node, 'constraint_messages', 'constraint_message'),
    !silent && node.type !== 'note' && binding(builder, node),
    advanced(builder, node, ['default', 'appearance', ...(SELECTS.includes(node.type) ? ['choice_filter'] : []), ...(silent ? [] : ['calculation'])]),
    untouched(page, node),
  ];
}

function groupParts(builder, node) {
  return [head(builder, node), texts(builder, node, 'labels', 'label', true), ruleEditor(builder, node, 'relevant'), advanced(builder, node, node.kind === 'repeat' ? ['repeat_count', 'appearance'] : ['appearance']), untouched(builder.page, node)];
}

function head(builder, node) {
  const { page } = builder;
  const name = h('input', { class: 'editor-name', value: node.name, 'aria-label': page.say('name'), 'data-field': 'name', spellcheck: 'false', onchange: () => (NAME.test(name.value) ? builder.set(rename(builder.form, node.key, name.value)) : (name.value = node.name)) });
  if (node.children) return h('div', { class: 'editor-head' }, h('b', { text: page.say(`type.begin_${node.kind === 'repeat' ? 'repeat' : 'group'}`) }), name);
  const family = PLAIN.includes(node.type) ? PLAIN : SELECTS.includes(node.type) ? SELECTS : [node.type];
  const type = h('select', { 'aria-label': page.say('type'), 'data-field': 'type', onchange: () => patch(builder, node, { type: type.value, parameters: type.value === 'range' ? 'start=0 end=10 step=1' : undefined }) }, family.map((one) => h('option', { value: one, selected: one === node.type, text: page.words[`type.${one}`] ?? one })));
  return h('div', { class: 'editor-head' }, type, name);
}

function texts(builder, node, field, words, main = false) {
  const { page, form } = builder;
  const inputs = languagesOf(form).map((language, at) => {
    const area = h('textarea', { rows: 1, value: textIn(node[field], language), 'data-field': at ? null : field, 'data-language': language, placeholder: language, 'aria-label': `${page.say(words)} ${language}`, class: main ? 'is-label' : '', oninput: () => patch(builder, builder.node, { [field]: withText(builder.form, builder.node[field], language, area.value) }, `${field}${language}`, { quiet: true }) });
    return area;
  });
  return h('div', { class: 'editor-field' }, h('span', { text: page.say(words) }), inputs);
}

function flag(builder, node) {
  const { page } = builder;
  const on = /^(yes|true|true\(\))$/i.test(node.required ?? '');
  const box = h('input', { type: 'checkbox', checked: on, 'data-field': 'required', onchange: () => patch(builder, node, { required: box.checked ? 'yes' : undefined }) });
  const raw = node.required && !on ? h('code', { text: node.required }) : null;
  return h('label', { class: 'editor-flag' }, box, page.say('required'), raw);
}

function choices(builder, node) {
  const { page, form } = builder;
  const all = choicesOf(form, node.list_name);
  const put = (made, what, options) => builder.set(withList(builder.form, node.list_name, made), what && `${node.list_name}:${what}`, options);
  const now = () => choicesOf(builder.form, node.list_name);
  const at = (index, fields) => now().map((one, here) => (here === index ? { ...one, ...fields } : one));
  const lines = all.map((choice, index) => {
    const value = h('input', { class: 'choice-name', value: choice.name, 'aria-label': page.say('value'), onchange: () => put(at(index, { name: value.value.trim().replaceAll(/\s+/g, '_') || choice.name })) });
    const labels = languagesOf(form).map((language) => {
      const label = h('input', { value: textIn(choice.labels, language), placeholder: language, 'aria-label': `${page.say('choice')} ${language}`, oninput: () => put(at(index, { labels: withText(builder.form, now()[index].labels, language, label.value) }), `${index}${language}`, { quiet: true }) });
      return label;
    });
    return h('div', { class: 'choice-line' }, value, labels, button(page.say('up'), 'arrow-up', () => index && put(all.toSpliced(index, 1).toSpliced(index - 1, 0, choice)), { quiet: true }), button(page.say('remove'), 'x', () => put(all.toSpliced(index, 1)), { quiet: true }));
  });
  const list = h('select', { 'aria-label': page.say('list'), 'data-field': 'list_name', onchange: () => patch(builder, node, { list_name: list.value }) }, (form.lists ?? []).map(({ name }) => h('option', { value: name, selected: name === node.list_name, text: name })));
  const shared = usersOf(form, node.list_name).length;
  return h('div', { class: 'editor-field' }, h('span', { text: page.say('choices') }), lines,
    h('div', { class: 'choice-foot' }, button(page.say('choice_add'), 'plus', () => put([...now(), { name: freeChoice(now()), labels: [[languagesOf(form)[0], page.say('choice_new')]] }])), list, shared > 1 ? h('small', { text: page.say('shared', { n: shared }) }) : null));
}

function line(builder, node, field) {
  const { page } = builder;
  const input = h('input', { value: node[field] ?? '', spellcheck: 'false', 'data-field': field, class: 'is-code', oninput: () => patch(builder, builder.node, { [field]: input.value }, field, { quiet: true }) });
  return h('label', { class: 'editor-field' }, h('span', { text: page.say(`field.${field}`) }), input);
}

function advanced(builder, node, fields) {
  return h('details', { class: 'editor-more', open: fields.some((field) => node[field]) }, h('summary', { text: builder.page.say('advanced') }), fields.map((field) => line(builder, node, field)));
}

function binding(builder, node) {
  const { page, said, language } = builder;
  const options = said.bank.map(({ question }) => h('option', { value: question.needle_field, selected: question.needle_field === node.needle_field, text: `${anyText(question.labels, language)} · ${question.needle_field}` }));
  const other = node.needle_field && !said.bank.some(({ question }) => question.needle_field === node.needle_field) ? h('option', { value: node.needle_field, selected: true, text: node.needle_field }) : null;
  const select = h('select', { 'data-field': 'needle_field', onchange: () => patch(builder, node, { needle_field: select.value }) }, h('option', { value: '', text: page.say('unbound') }), other, options);
  return h('label', { class: 'editor-field' }, h('span', { text: page.say('bound_to') }), select);
}

function untouched(page, node) {
  const kept = (node.more ?? []).filter(([, text]) => !Object.values(shownBy(node)).includes(text));
  return kept.length ? h('div', { class: 'editor-kept' }, h('span', { text: page.say('kept') }), kept.map(([column, text]) => h('code', { text: `${column}: ${text}` }))) : null;
}
