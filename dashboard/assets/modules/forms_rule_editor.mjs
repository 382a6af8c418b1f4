/* A condition as rows: question, comparison, value; what is not so simple is edited as an expression. */

import { button, h } from './forms_dom.mjs';
import { anyText, choicesOf, questions, update } from './forms_model.mjs';
import { isWritable, parse, write } from './forms_rules.mjs';

const NUMBERS = ['integer', 'decimal', 'range', 'calculate'];
const BARE = ['answered', 'unanswered'];

/** Which comparisons fit a question. */
function operators(of) {
  if (of?.type === 'select_multiple') return ['selected', 'not selected', ...BARE];
  if (of?.type === 'select_one') return ['=', '!=', ...BARE];
  if (NUMBERS.includes(of?.type) || of?.type === 'date') return ['=', '!=', '>=', '<=', '>', '<', ...BARE];
  return ['=', '!=', 'contains', ...BARE];
}

const kindOf = (of) => (NUMBERS.includes(of?.type) ? 'number' : of?.type === 'date' ? 'date' : 'text');

export function ruleEditor(builder, node, field) {
  const { page } = builder;
  const text = node[field] ?? '';
  const condition = parse(text);
  const put = (made) => builder.set(update(builder.form, node.key, { [field]: write(made) }));
  const own = field === 'constraint';
  const asked = own ? [node] : questions(builder.form).filter((one) => one.key !== node.key && one.type !== 'note');
  const nameOf = (one) => (own ? '.' : one.name);
  const start = () => {
    const of = asked.at(own ? 0 : Math.max(0, asked.findIndex((one) => questions(builder.form).indexOf(one) > questions(builder.form).findIndex((each) => each.key === node.key)) - 1)) ?? asked.at(-1);
    const is = own ? (kindOf(of) === 'text' ? 'contains' : '>=') : operators(of)[0];
    return { of: nameOf(of), is, value: first(builder, of), ...(!['selected', 'not selected', 'contains'].includes(is) && { kind: kindOf(of) }) };
  };
  const parts = [h('span', { text: page.say(field) })];
  if (condition) {
    const { rows, join } = condition;
    if (rows.length > 1) parts.push(h('select', { class: 'rule-join', 'aria-label': page.say('join'), onchange: (event) => put({ join: event.target.value, rows }) }, ['and', 'or'].map((one) => h('option', { value: one, selected: one === join, text: page.say(`join.${one}`) }))));
    parts.push(...rows.map((row, at) => ruleRow(builder, { row, asked, own, nameOf, change: (made) => put({ join, rows: rows.with(at, made) }), drop: () => put({ join, rows: rows.toSpliced(at, 1) }) })));
    if (asked.length) parts.push(button(page.say(rows.length ? 'rule_more' : `rule_${field}`), 'plus', () => put({ join, rows: [...rows, start()] }), { name: `rule-add rule-${field}` }));
  } else parts.push(h('small', { text: page.say('rule_raw') }));
  const raw = h('input', { class: 'is-code', value: text, spellcheck: 'false', 'data-field': field, 'aria-label': page.say('expression'), onchange: () => builder.set(update(builder.form, node.key, { [field]: raw.value.trim() })) });
  parts.push(condition ? h('details', { class: 'rule-raw' }, h('summary', { text: page.say('expression') }), raw) : raw);
  return h('div', { class: `editor-field rule-${field}-field` }, parts);
}

const first = (builder, of) => (of?.list_name ? (choicesOf(builder.form, of.list_name)[0]?.name ?? '1') : kindOf(of) === 'number' ? '0' : kindOf(of) === 'date' ? 'today' : '…');

function ruleRow(builder, { row, asked, own, nameOf, change, drop }) {
  const { page, language } = builder;
  const of = asked.find((one) => nameOf(one) === row.of);
  const known = operators(of);
  const shown = known.includes(row.is) ? known : [row.is, ...known];
  const is = (name) => ({ ...row, is: name, ...(BARE.includes(name) ? { value: undefined, kind: undefined } : { value: row.value ?? first(builder, of), kind: ['selected', 'not selected', 'contains'].includes(name) ? undefined : (row.kind ?? kindOf(of)) }) });
  const question = own ? h('b', { text: page.say('this_answer') }) : h('select', { 'aria-label': page.say('question'), class: 'rule-of', onchange: (event) => {
    const next = asked.find((one) => one.name === event.target.value);
    const [name] = operators(next);
    change({ of: next.name, is: name, value: first(builder, next), kind: ['selected'].includes(name) ? undefined : kindOf(next) });
  } }, of ? null : h('option', { value: row.of, selected: true, text: row.of }), asked.map((one) => h('option', { value: one.name, selected: one.name === row.of, text: anyText(one.labels, language) || one.name })));
  const compare = h('select', { 'aria-label': page.say('comparison'), class: 'rule-is', onchange: (event) => change(is(event.target.value)) }, shown.map((name) => h('option', { value: name, selected: name === row.is, text: page.say(`is.${name}`) })));
  return h('div', { class: 'rule-row' }, question, compare, BARE.includes(row.is) ? null : valueOf(builder, row, of, change), button(page.say('remove'), 'x', drop, { quiet: true }));
}

function valueOf(builder, row, of, change) {
  const { page, form, language } = builder;
  const label = page.say('value');
  const choices = of?.list_name ? choicesOf(form, of.list_name) : [];
  if (choices.length) return h('select', { 'aria-label': label, class: 'rule-value', onchange: (event) => change({ ...row, value: event.target.value }) }, choices.some(({ name }) => name === row.value) ? null : h('option', { value: row.value, selected: true, text: row.value }), choices.map((choice) => h('option', { value: choice.name, selected: choice.name === row.value, text: anyText(choice.labels, language) || choice.name })));
  const kind = row.kind === 'number' ? 'number' : 'text';
  const input = h('input', { type: kind, step: 'any', 'aria-label': label, class: 'rule-value', value: row.value, onchange: () => (input.value !== '' && isWritable(input.value) ? change({ ...row, value: input.value }) : (input.value = row.value)) });
  return input;
}
